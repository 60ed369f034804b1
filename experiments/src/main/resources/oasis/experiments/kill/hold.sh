#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Stands for ip, nft and sysctl in front of the client's PATH and holds the client between two of
# its steps. $OASIS_HOLD/order says where, in one line: WHEN TOOL PATTERN. A pattern is compared
# with the arguments and, for ip -batch, with all lines behind them; WHEN is
#   before       the command is not carried out at all
#   within       of a batch, only the lines up to the first that fits are carried out
#   after        it is carried out, and the client does not know it yet
#   transaction  of nft -i: the PATTERNth ruleset is loaded, and the client does not know it yet
# The first command that fits turns the file "order" into "hit" and waits for a line from the pipe
# "go". Everything else is passed on untouched.
tool=${0##*/}
real=$(PATH=${PATH#*:} type -P "$tool") # our folder is the first
read -r when wanted pattern 2> /dev/null < "$OASIS_HOLD/order" || exec "$real" "$@"
[[ $wanted = "$tool" ]] || exec "$real" "$@"

hold() {
  mv "$OASIS_HOLD/order" "$OASIS_HOLD/hit"
  read -r _ <> "$OASIS_HOLD/go"
}

if [[ $when = transaction ]]; then
  [[ $* = -i ]] || exec "$real" "$@"
  exec {to}> >(exec "$real" -i)
  count=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >&"$to"
    if [[ $line = include* ]] && ((++count == pattern)); then hold; fi
  done
  exit
fi

input=
text=$*
if [[ $text = *-batch* ]]; then
  input=$(cat)
  text+=" $input"
fi
# shellcheck disable=SC2053 # the pattern is one
if [[ $text != *$pattern* ]]; then
  [[ $text = *-batch* ]] || exec "$real" "$@"
  printf '%s\n' "$input" | "$real" "$@"
  exit
fi

case $when in
  before)
    hold
    exit 1
    ;;
  within)
    part=
    while IFS= read -r line; do
      part+=$line$'\n'
      # shellcheck disable=SC2053 # the pattern is one
      [[ $line != *$pattern* ]] || break
    done <<< "$input"
    printf '%s' "$part" | "$real" "$@"
    hold
    exit 1
    ;;
  after)
    if [[ $text = *-batch* ]]; then printf '%s\n' "$input" | "$real" "$@"; else "$real" "$@"; fi
    status=$?
    hold
    exit $status
    ;;
esac
