# SPDX-License-Identifier: MIT
"""The programs of docs/guide/other-models.md, as written there but for the pretrained weights, which are
random here: recipes.py SOURCE BUILD. Each runs where its library is installed, under the Python that
COVEY_RECIPES_PYTHON names (else this one); exit code 77 where none is."""
import os
import re
import subprocess
import sys
import tempfile

source, build = (os.path.abspath(word) for word in sys.argv[1:3])
python = os.environ.get("COVEY_RECIPES_PYTHON", sys.executable)
with open(os.path.join(source, "docs/guide/other-models.md"), encoding="utf-8") as file:
    programs = re.findall(r"```python\n(.*?)```", file.read(), re.DOTALL)
if len(programs) != 2:
    sys.exit(f"other-models.md: {len(programs)} programs where two are expected")
ran = 0
for program in programs:
    library = re.search(r"^import (timm|open_clip)$", program, re.MULTILINE).group(1)
    if subprocess.run([python, "-c", f"import {library}"], capture_output=True, check=False).returncode:
        print(f"{library} is not installed for {python}")
        continue
    random = re.sub(r"pretrained=(True|\"openai\")", lambda found: "pretrained=" + ("False" if found[1] == "True" else "None"), program)
    if random == program:
        sys.exit(f"other-models.md: the program with {library} names no pretrained weights")
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(f"{work}/photos/sub")
        subprocess.run([f"{build}/tests/make_photo", "set", f"{work}/photos/sub", "6"], check=True)
        subprocess.run([python, "-c", "import torch\ntorch.set_num_threads(2)\n" + random, "photos"], cwd=work, check=True)
        with open(f"{work}/names.txt", encoding="utf-8") as file:
            names = file.read().splitlines()
        table = subprocess.run([f"{build}/covey", "cluster", "features.npy", "-k", "2", "--normalize", "l2", "--csv", "-q"],
                               cwd=work, check=True, capture_output=True, text=True).stdout.splitlines()
        if len(names) != 6 or len(table) != 7:
            sys.exit(f"{library}: {len(names)} names, {len(table)} lines of groups, of 6 photos")
        print(f"{library}: 6 photos described and grouped")
        ran += 1
sys.exit(0 if ran else 77)
