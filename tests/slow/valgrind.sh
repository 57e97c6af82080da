#!/bin/sh
# SPDX-License-Identifier: MIT
# The command under Valgrind's memcheck: every case of tests/cli/unit again, each process of it watched for
# wrong reads and writes, uses of what was never set, and memory that nobody can free any more. Decoders run
# as ever: their sandbox forbids what Valgrind does. What it says is in BUILD/valgrind/*.log, and only that
# counts here, since times and instruction sets differ. Usage: valgrind.sh SOURCE BUILD
set -u
source=$1 build=$2
command -v valgrind >/dev/null || { echo "SKIP: no valgrind here: apt-get install valgrind"; exit 77; }
logs=$build/valgrind
rm -rf "$logs"
mkdir -p "$logs"
# Valgrind knows no AVX-512.
cat >"$logs/covey" <<S2
#!/bin/sh
export COVEY_ISA=\${COVEY_ISA:-avx2}
exec valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite \\
    --log-file="$logs/%p.log" "$build/covey" "\$@"
S2
chmod +x "$logs/covey"
ls "$source/tests/cli/unit" | xargs -P "$(nproc)" -I CASE sh -c \
    'COVEY_UNDER_TEST="$1/covey" timeout 900 sh "$2/tests/cli/run_case.sh" "$2/tests/cli/unit/CASE" "$3" >"$1/CASE.out" 2>&1 ||
        echo CASE >>"$1/other"' sh "$logs" "$source" "$build"
processes=$(find "$logs" -name '*.log' | wc -l)
bad=$(find "$logs" -name '*.log' -size +0 | wc -l)
echo "$processes processes of the command watched, $bad with findings"
find "$logs" -name '*.log' -size +0 -exec cat {} +
[ "$bad" -eq 0 ] && [ "$processes" -gt 200 ]
