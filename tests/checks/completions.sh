#!/bin/sh
# SPDX-License-Identifier: MIT
# Manual pages without a warning, and completions that complete. Usage: completions.sh BUILD
set -eu
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "completions: $*" >&2; exit 1; }

# One page for the command and for each of its commands.
for name in $("$build/covey" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    [ -s "$build/man/covey-$name.1" ] || fail "no manual page for covey $name"
done
if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$build"/man/*.1 >"$work/lint" 2>&1 || { cat "$work/lint"; fail "mandoc finds fault"; }
fi
if command -v man >/dev/null && man --warnings -l "$build/man/covey.1" >/dev/null 2>&1; then
    for page in "$build"/man/*.1; do
        MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$page" >"$work/page" 2>"$work/warnings"
        [ -s "$work/warnings" ] && { cat "$work/warnings"; fail "$page: groff warns"; }
        grep -q '^EXAMPLES' "$work/page" || fail "$page does not render"
    done
fi

# bash: what stands on the line, and the words offered.
cat >"$work/try.bash" <<'EOF'
set -u
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_covey
printf '%s\n' "${COMPREPLY[@]:-}"
EOF
offers() { # WORD covey ...
    wanted=$1
    shift
    bash "$work/try.bash" "$build/completions/covey.bash" "$@" >"$work/offered"
    grep -qx -e "$wanted" "$work/offered" || { cat "$work/offered"; fail "bash: '$*' does not offer $wanted"; }
}
offers cluster covey clu
offers --loss covey run --lo
offers square,huber covey run --loss square,hu
offers huber covey run --loss = hu
offers white covey run photos --alpha ""
offers import covey weights im
offers organize covey help org
mkdir "$work/a folder" && cd "$work" && offers 'a folder' covey run "a f"
offers 'a folder' covey run -o ""
bash "$work/try.bash" "$build/completions/covey.bash" covey cluster --exc >"$work/offered"
[ -z "$(cat "$work/offered")" ] || fail "bash: offers cluster an option that it has not"

if command -v zsh >/dev/null; then
    zsh -n "$build/completions/covey.zsh" || fail "zsh: syntax"
    mkdir "$work/zsh" && cp "$build/completions/covey.zsh" "$work/zsh/_covey"
    # A terminal of zsh's own, asked for completion by a tab.
    cat >"$work/try.zsh" <<'EOF'
zmodload zsh/zpty
zpty shell zsh -f
zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -d $1/dump; zstyle ':completion:*' list-colors ''; LISTMAX=10000; print ready-"\"now\"
zpty -r shell text '*ready-now*'
zpty -w -n shell "$2"$'\t'
integer i
text=
for ((i = 0; i < 100; ++i)); do
    zpty -r -t shell piece && text+=$piece
    [[ $text == *$3* ]] && exit 0
    sleep 0.1
done
print -r -- "$text"
exit 1
EOF
    zsh -f "$work/try.zsh" "$work/zsh" "covey orga" "organize" || fail "zsh: covey orga<tab>"
    zsh -f "$work/try.zsh" "$work/zsh" "covey run --alp" "--alpha" || fail "zsh: covey run --alp<tab>"
fi
if command -v fish >/dev/null; then
    # fish loads completions of commands that are there.
    export HOME="$work" PATH="$build:$PATH" XDG_CONFIG_HOME="$work/config"
    fish --no-execute "$build/completions/covey.fish" || fail "fish: syntax"
    mkdir -p "$work/config/fish/completions"
    cp "$build/completions/covey.fish" "$work/config/fish/completions/"
    for pair in 'covey run --alpha w=white' 'covey clus=cluster' 'covey weights im=import' 'covey cluster --loss hub=huber' \
        'covey cluster --loss square,hub=square,huber'; do
        fish -c "complete -C '${pair%=*}'" | cut -f1 >"$work/offered"
        grep -qx -e "${pair##*=}" "$work/offered" || { cat "$work/offered"; fail "fish: '${pair%=*}' does not offer ${pair##*=}"; }
    done
fi
