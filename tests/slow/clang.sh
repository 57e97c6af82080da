#!/bin/sh
# SPDX-License-Identifier: MIT
# The other compiler's opinion, in a build of its own: Clang's warnings as errors (-Wall -Wextra -Wconversion
# -Wsign-conversion), its static analyzer over every file of the product, and the unit tests, which must not
# lean on what GCC happens to do. BUILD/clang/found lists what the analyzer says. Usage: clang.sh SOURCE BUILD
set -u
source=$1 build=$2/clang
command -v clang >/dev/null || { echo "SKIP: no clang here: apt-get install clang"; exit 77; }
cmake -S "$source" -B "$build" -DCMAKE_C_COMPILER=clang -DCOVEY_WERROR=ON -DCOVEY_SLOW_SCRIPTS=OFF \
    >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" -j "$(nproc)" >"$build.log" 2>&1 || { grep -E 'error:|Error' "$build.log"; exit 1; }
# The files as the build compiles them, tests apart: those stop at the first thing that is wrong anyway.
python3 - "$source" "$build" <<'PYTHON'
import concurrent.futures, json, os, shlex, subprocess, sys
source, build = sys.argv[1:]
entries = {}
for entry in json.load(open(os.path.join(build, "compile_commands.json"))):
    name = os.path.relpath(entry["file"], source)
    if name.split(os.sep)[0] in ("src", "cli", "decode", "draw", "mpi"):
        entries.setdefault(name, entry)

def analyze(item):
    name, entry = item
    words = shlex.split(entry["command"])
    # A launcher may stand before the compiler.
    first = next(i for i, word in enumerate(words) if os.path.basename(word).startswith("clang"))
    words = words[first:]
    at = words.index("-o")
    del words[at:at + 2]
    ran = subprocess.run(words + ["-UNDEBUG", "--analyze", "--analyzer-output", "text"], cwd=entry["directory"],
                         stderr=subprocess.PIPE, text=True, errors="replace")
    return name, ran.returncode, ran.stderr

with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    results = list(pool.map(analyze, sorted(entries.items())))
bad = [(name, text) for name, code, text in results if code or "warning:" in text]
with open(os.path.join(build, "found"), "w") as out:
    for name, text in bad:
        out.write(text)
        print(text, end="")
print("%d files analyzed, %d with findings" % (len(results), len(bad)))
sys.exit(1 if bad or len(results) < 100 else 0)
PYTHON
[ $? -eq 0 ] || exit 1
cd "$build" && ctest -L unit -j "$(nproc)" --output-on-failure
