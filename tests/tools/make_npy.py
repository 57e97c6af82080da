# SPDX-License-Identifier: MIT
"""A features file for tests: make_npy.py FILE ROWS COLS [MODE], standard library alone.

Rows lie in three blobs round (0, 0, ...), (8, 8, ...), (16, 16, ...), blob sizes 3 : 2 : 1. MODE: f8,
i4, big (big-endian), fortran, flat (one dimension), nan (in row 5), short (bytes missing), same (all
rows equal), noise (one blob), centres (the blobs' centres, in float64: ROWS of them), zero (row 5 all
zero), constant (half of the columns), copies (of the first 4 rows)."""
import random
import struct
import sys

file, rows, cols = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
mode = sys.argv[4] if len(sys.argv) > 4 else "f4"
random.seed(7)
data = []
for i in range(rows):
    blob = (0, 0, 0, 1, 1, 2)[i % 6]
    if mode == "centres":
        data.append([8.0 * i] * cols)
    elif mode == "same":
        data.append([1.0] * cols)
    else:
        if mode == "noise":
            blob = 0
        data.append([8.0 * blob + random.gauss(0, 1) for _ in range(cols)])
if mode == "nan":
    data[5][0] = float("nan")
if mode == "zero":
    data[5] = [0.0] * cols
if mode == "constant":
    data = [row[:cols // 2] + [3.0] * (cols - cols // 2) for row in data]
if mode == "copies":
    data = [data[i % 4] for i in range(rows)]
code, kind = {"f8": ("<d", "<f8"), "centres": ("<d", "<f8"), "i4": ("<i", "<i4"),
              "big": (">f", ">f4")}.get(mode, ("<f", "<f4"))
shape = "(%d,)" % (rows * cols) if mode == "flat" else "(%d, %d)" % (rows, cols)
header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (kind, mode == "fortran", shape)
header += " " * (63 - (10 + len(header)) % 64) + "\n"
values = [int(v) if mode == "i4" else v for row in data for v in row]
body = b"".join(struct.pack(code, v) for v in values)
with open(file, "wb") as out:
    out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    out.write(body[:-8] if mode == "short" else body)
