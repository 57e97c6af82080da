#!/bin/sh
# SPDX-License-Identifier: MIT
# Puts a script in a program's place that runs it in an emulator: what starts the program by its path
# need not know that it is for another processor. Usage: emulate.sh PROGRAM EMULATOR [OPTION...]
set -eu
program=$1
shift
emulator=$(command -v "$1")
shift
mv "$program" "$program.elf"
printf '#!/bin/sh\nexec %s %s "%s.elf" "$@"\n' "$emulator" "$*" "$program" >"$program"
chmod +x "$program"
