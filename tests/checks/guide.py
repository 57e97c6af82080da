# SPDX-License-Identifier: MIT
"""Runs every command block of pages of the guide: guide.py [--pictures] SOURCE BUILD PAGE...

A block is lines indented by four blanks, outside of lists. It runs under bash with -e and pipefail in
a folder of its own for each page, that holds photos/ (made here; how many, a comment of the page may
say), with covey in the path. The work of a block lasts for the next, as it does for a reader. A
picture figures/NAME of a page is one that its commands make: with --pictures they are put there anew,
without they must be there, and be made in the same size."""
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile


def blocks(text):
    """(line number, commands) of each block."""
    found, lines, previous = [], text.split("\n"), ""
    for number, line in enumerate(lines, 1):
        if line.startswith("    ") and (previous == "" or found and found[-1][2] == number - 1):
            if found and found[-1][2] == number - 1:
                found[-1] = (found[-1][0], found[-1][1] + line[4:] + "\n", number)
            else:
                found.append((number, line[4:] + "\n", number))
        previous = line
    return [(number, commands) for number, commands, _ in found]


def size_of(picture):
    """Width and height of a PNG."""
    return struct.unpack(">II", picture.read_bytes()[16:24])


def check_pictures(page, text, work, build, renew):
    """How many of the page's pictures are not what its commands make."""
    failures, maker = 0, os.path.join(build, "tests", "make_photo")
    for name in re.findall(r"]\(figures/([^)]+\.png)\)", text):
        kept = pathlib.Path(page).parent / "figures" / name
        made = next(iter(sorted(pathlib.Path(work).rglob(name))), None)
        if made and renew:
            kept.parent.mkdir(exist_ok=True)
            subprocess.run([maker, "shrink", made, kept], check=True)
        if not made or not kept.exists() or size_of(made) != size_of(kept):
            failures += 1
            print(f"{page}: figures/{name} is not the picture that the page's commands make: "
                  f"sh scripts/docs-figures.sh BUILD makes them anew")
    return failures


def run_page(page, source, build, renew):
    failures, count = 0, 0
    path = os.path.join(source, page)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wanted = re.search(r"<!-- photos: (\d+) -->", text)
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, PATH=build + os.pathsep + os.environ["PATH"],
                           XDG_CACHE_HOME=os.path.join(folder, "cache"), NO_COLOR="1")
        work = os.path.join(folder, "work")
        photos = os.path.join(work, "photos")
        os.makedirs(photos)
        subprocess.run([os.path.join(build, "tests", "make_photo"), "set", photos,
                        wanted.group(1) if wanted else "9"], check=True)
        found = blocks(text)
        for number, commands in found:
            count += len([line for line in commands.split("\n") if re.match(r"\S", line)])
            done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", commands], cwd=work, env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            # head closes the pipe early, and the command before it ends quietly.
            if done.returncode != 0:
                failures += 1
                print(f"{page}:{number}: exit code {done.returncode}\n{commands}{done.stdout}{done.stderr}")
        failures += check_pictures(path, text, work, build, renew)
        if not found:
            failures += 1
            print(f"{page}: no command block at all")
    print(f"{page}: {count} commands")
    return failures


pictures = "--pictures" in sys.argv
source, build, *pages = [word for word in sys.argv[1:] if word != "--pictures"]
source, build = os.path.abspath(source), os.path.abspath(build)
sys.exit(1 if sum(run_page(page, source, build, pictures) for page in pages) else 0)
