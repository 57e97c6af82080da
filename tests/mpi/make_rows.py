# SPDX-License-Identifier: MIT
"""make_rows.py FILE ROWS COLUMNS [TYPE]: groups of rows with noise, copies and zeros among them, as a .npy
of float32 (f4) or float64 (f8). The same bytes on every machine."""
import array
import random
import sys

path, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
kind = sys.argv[4] if len(sys.argv) > 4 else "f4"
draw = random.Random(8)
centres = [[draw.uniform(-4, 4) for _ in range(columns)] for _ in range(5)]
numbers = array.array("f" if kind == "f4" else "d")
row = [1.0] * columns
for i in range(rows):
    if i % 7:  # else a copy of the row before
        centre = centres[draw.randrange(5)]
        row = [round(c + draw.gauss(0, 1), 3) for c in centre]
    if i % 1999 == 5:
        row = [0.0] * (columns - 1) + [-0.0]
        row[0] = 40.0
    numbers.extend(row)
head = "{'descr': '<%s', 'fortran_order': False, 'shape': (%d, %d), }" % (kind, rows, columns)
head += " " * (-(len(head) + 11) % 64) + "\n"
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode())
    numbers.tofile(file)
