# SPDX-License-Identifier: MIT
"""Runs every command block of pages of the guide: guide.py SOURCE BUILD PAGE...

A block is lines indented by four blanks, outside of lists. It runs under bash with -e and pipefail in
a folder of its own for each page, that holds photos/ (made here), with covey in the path. The work of a
block lasts for the next, as it does for a reader."""
import os
import re
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


def run_page(page, source, build):
    failures, count = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, PATH=build + os.pathsep + os.environ["PATH"],
                           XDG_CACHE_HOME=os.path.join(folder, "cache"), NO_COLOR="1")
        work = os.path.join(folder, "work")
        photos = os.path.join(work, "photos")
        os.makedirs(photos)
        subprocess.run([os.path.join(build, "tests", "make_photo"), "set", photos, "9"], check=True)
        with open(os.path.join(source, page), encoding="utf-8") as file:
            found = blocks(file.read())
        for number, commands in found:
            count += len([line for line in commands.split("\n") if re.match(r"\S", line)])
            done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", commands], cwd=work, env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            # head closes the pipe early, and the command before it ends quietly.
            if done.returncode != 0:
                failures += 1
                print(f"{page}:{number}: exit code {done.returncode}\n{commands}{done.stdout}{done.stderr}")
        if not found:
            failures += 1
            print(f"{page}: no command block at all")
    print(f"{page}: {count} commands")
    return failures


source, build = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
sys.exit(1 if sum(run_page(page, source, build) for page in sys.argv[3:]) else 0)
