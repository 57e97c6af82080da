#!/bin/sh
# SPDX-License-Identifier: MIT
# Every key cited in the sources and pages, as [Key], [Key; Other] or [Key, eq. 3], and every
# `.citation` of a loss is in docs/references.bib, and every entry there is cited. Usage:
# references.sh ROOT
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n 's/^@[a-z]*{\([A-Za-z]*[0-9]\{4\}\),.*/\1/p' docs/references.bib | sort >"$work/all"
sort -u "$work/all" >"$work/entries"
# A key is a name and a year. Lists may run over the end of a line, so lines are joined.
find src include cli decode examples docs tests bench -type f \
    \( -name '*.[ch]' -o -name '*.md' -o -name '*.def' -o -name '*.py' \) -exec cat {} + 2>/dev/null |
    sed 's:^ *[/]*\** *::' | tr '\n' ' ' | grep -oE '\[[A-Z][A-Za-z]+[0-9]{4}[^]]*\]' |
    grep -oE '[A-Z][A-Za-z]+[0-9]{4}' >"$work/cited"
grep -hoE '\.citation = "[^"]+"' src/loss/*.c | grep -oE '[A-Z][A-Za-z]+[0-9]{4}' >>"$work/cited"
sort -u -o "$work/cited" "$work/cited"
bad=0
for key in $(comm -23 "$work/cited" "$work/entries"); do
    echo "[$key] is cited but is not in docs/references.bib" >&2
    bad=1
done
for key in $(comm -13 "$work/cited" "$work/entries"); do
    echo "$key is in docs/references.bib but nothing cites it" >&2
    bad=1
done
for key in $(uniq -d "$work/all"); do
    echo "$key is in docs/references.bib twice" >&2
    bad=1
done
[ -s "$work/cited" ] && [ -s "$work/entries" ] || { echo "no keys found" >&2; bad=1; }
exit $bad
