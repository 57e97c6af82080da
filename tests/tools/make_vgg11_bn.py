# SPDX-License-Identifier: MIT
"""A miniature VGG11 with batch normalisation as torchvision saves its state dict, in safetensors; with
"plain", the same network with the normalisation folded into its convolutions: make_vgg11_bn.py FILE [plain]"""
import json
import random
import struct
import sys

WIDTHS = [16, "M", 16, "M", 32, 32, "M", 32, 32, "M", 48, 48, "M"]
draw = random.Random(11)
plain = "plain" in sys.argv
tensors, place, inputs = {}, 0, 3


def round32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


for width in WIDTHS:
    if width == "M":
        place += 1
        continue
    weight = [round32(draw.gauss(0, (2 / (9 * inputs)) ** 0.5)) for _ in range(width * inputs * 9)]
    bias, gamma, beta, mean = ([round32(draw.uniform(*ends)) for _ in range(width)]
                               for ends in ((-0.1, 0.1), (0.6, 1.4), (-0.2, 0.2), (-0.2, 0.2)))
    var = [round32(draw.uniform(0.5, 2)) for _ in range(width)]
    if plain:
        scale = [g / (v + 1e-5) ** 0.5 for g, v in zip(gamma, var)]
        per = inputs * 9
        weight = [w * scale[i // per] for i, w in enumerate(weight)]
        bias = [(b - m) * s + t for b, m, s, t in zip(bias, mean, scale, beta)]
    tensors[f"features.{place}.weight"] = ([width, inputs, 3, 3], weight)
    tensors[f"features.{place}.bias"] = ([width], bias)
    if not plain:
        for name, values in (("weight", gamma), ("bias", beta), ("running_mean", mean), ("running_var", var)):
            tensors[f"features.{place + 1}.{name}"] = ([width], values)
        place += 1
    place += 2
    inputs = width

head, body = {}, b""
for name, (shape, values) in tensors.items():
    data = struct.pack(f"<{len(values)}f", *values)
    head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
    body += data
head = json.dumps(head).encode()
head += b" " * (-len(head) % 8)
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(head)) + head + body)
