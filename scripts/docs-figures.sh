#!/bin/sh
# SPDX-License-Identifier: MIT
# The pictures of docs/fa, made anew by the commands of its pages: docs-figures.sh BUILD
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
COVEY_DRAW=$build/covey-draw python3 tests/checks/guide.py --pictures . "$build" docs/fa/*.md
