# SPDX-License-Identifier: MIT
"""The Persian README has the commands, the figures and the links to files of the English one, in the
same order: readme_fa.py SOURCE."""
import pathlib
import re
import sys


def commands(text):
    """Lines of code, without what is said beside them."""
    return [line.split("  #")[0].strip() for line in text.split("\n") if line.startswith("    ")]


def table(text):
    return [line for line in text.split("\n") if line.startswith("|")]


source = pathlib.Path(sys.argv[1])
english, persian = ((source / name).read_text(encoding="utf-8") for name in ("README.md", "README.fa.md"))
failures = 0
for what, of in (("commands", commands), ("table of speeds", table)):
    for a, b in zip(of(english) + [None], of(persian) + [None]):
        if a != b:
            failures += 1
            print(f"{what}: README.md has {a!r}, README.fa.md {b!r}")
            break
if len(commands(english)) < 8 or len(table(english)) < 4:
    failures += 1
    print("README.md has hardly any commands or speeds: is it read rightly?")
for target in re.findall(r"\]\(([^)]+)\)", persian):
    if not target.startswith("http") and not (source / target).exists():
        failures += 1
        print(f"README.fa.md links to {target}, which is not there")
sys.exit(1 if failures else 0)
