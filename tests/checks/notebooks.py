# SPDX-License-Identifier: MIT
"""Runs the notebooks of docs/notebooks as a reader would: notebooks.py SOURCE BUILD [SAVE].

From top to bottom in a kernel of its own, with the command in the path; an assertion or error of a cell
ends it. Translations must have the very same code, which then runs once. They are kept without outputs;
with SAVE all run, and what came out is written into that folder. No display is needed."""
import os
import pathlib
import sys
import tempfile

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def code_of(book):
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


source, build = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
save = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
os.environ["PATH"] = f"{build}{os.pathsep}{os.environ['PATH']}"
os.environ.pop("COVEY_PHOTOS", None)
failures = 0
with tempfile.TemporaryDirectory() as work:
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME"):
        os.environ[name] = os.path.join(work, name)
    books = {path: nbformat.read(path, 4) for path in sorted((source / "docs/notebooks").glob("*.ipynb"), key=lambda path: (path.name.count("."), path.name))}
    if not books:
        sys.exit("no notebook at all")
    run = {}
    for path, book in books.items():
        nbformat.validate(book)
        if any(cell.get("outputs") for cell in book.cells):
            failures += 1
            print(f"{path.name}: is kept with outputs; clear them")
        original = run.setdefault(path.name.split(".")[0], path)
        if code_of(book) != code_of(books[original]):
            failures += 1
            print(f"{path.name}: its code is not that of {original.name}")
        if original != path and not save:
            print(f"{path.name}: the code of {original.name}")
            continue
        try:
            NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": work}}).execute()
        except CellExecutionError as error:
            failures += 1
            print(f"{path.name}: {error}")
        pictures = sum("image/png" in output.get("data", {}) for cell in book.cells
                       for output in cell.get("outputs", []))
        print(f"{path.name}: {len(code_of(book))} code cells, {pictures} pictures")
        if save:
            save.mkdir(parents=True, exist_ok=True)
            nbformat.write(book, save / path.name)
sys.exit(1 if failures else 0)
