# SPDX-License-Identifier: MIT
"""One .npy of float32 as others would save it: make_features.py FROM.npy FORM TO, standard library alone.

FORM: npz (stored, with labels beside it), deflated, tensor
(.safetensors, float32), tensor64 (float64), tensors (one per row, in the file out of order), two
(.npz of two candidates), labels (.npz without any), folder (a .npy of one dimension per row), pieces (a
folder of .npy, .npz and .safetensors), ragged (a folder whose last file has a column less)."""
import json
import os
import struct
import sys
import zipfile

source, form, target = sys.argv[1:4]
with open(source, "rb") as file:
    raw = file.read()
length = struct.unpack("<H", raw[8:10])[0]
shape = raw[10:10 + length].decode().split("(")[1].split(")")[0]
rows, cols = (int(word) for word in shape.split(",")[:2])
numbers = raw[10 + length:]
row = [numbers[i * cols * 4:(i + 1) * cols * 4] for i in range(rows)]


def npy(kind, dims, data):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, dims)
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def npz(path, members, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", how) as file:
        for name, data in members:
            file.writestr(name + ".npy", data)


def safetensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, kind, dims, content in tensors:
        header[name] = {"dtype": kind, "shape": dims, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


labels = ("labels", npy("<i8", "(%d,)" % rows, b"\0" * 8 * rows))
if form in ("npz", "deflated"):
    npz(target, [labels, ("features", raw)], zipfile.ZIP_DEFLATED if form == "deflated" else zipfile.ZIP_STORED)
elif form == "two":
    npz(target, [("train", raw), ("test", raw)])
elif form == "labels":
    npz(target, [labels])
elif form == "tensor":
    safetensors(target, [("features", "F32", [rows, cols], numbers), ("labels", "I64", [rows], b"\0" * 8 * rows)])
elif form == "tensor64":
    wide = struct.pack("<%dd" % (rows * cols), *struct.unpack("<%df" % (rows * cols), numbers))
    safetensors(target, [("features", "F64", [rows, cols], wide)])
elif form == "tensors":
    safetensors(target, [("%04d.jpg" % i, "F32", [cols], row[i]) for i in reversed(range(rows))])
elif form == "folder":
    os.mkdir(target)
    for i in range(rows):
        write("%s/%04d.npy" % (target, i), npy("<f4", "(%d,)" % cols, row[i]))
elif form in ("pieces", "ragged"):
    os.mkdir(target)
    third = rows // 3
    write(target + "/a.npy", npy("<f4", "(%d, %d)" % (third, cols), b"".join(row[:third])))
    npz(target + "/b.npz", [("arr_0", npy("<f4", "(%d, %d)" % (third, cols), b"".join(row[third:2 * third])))])
    width = cols - (form == "ragged")
    safetensors(target + "/c.safetensors",
                [("x", "F32", [rows - 2 * third, width],
                  b"".join(one[:4 * width] for one in row[2 * third:]))])
    write(target + "/readme.txt", b"not features")
    write(target + "/.hidden.npy", b"nor this")
else:
    sys.exit("no form " + form)
