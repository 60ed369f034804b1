#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The results of slice-push.sh as lines, table and JSON. Sourced.
# shellcheck disable=SC2154 # variables of slice-push.sh

# The value of a key in a node's result, or nothing; the last one counts.
result_of() { sed -n "s/^$2 //p" "$work/node-$1/result" 2>/dev/null | tail -n 1 || true; }

# One line on standard error when a node is done. Standard error of the workers is a file.
progress() {
  local text
  text=$(result_of "$1" text)
  echo "slice-push: $1 $(outcome "$1")${text:+: $text}" >&8
}

# A worker that died without a word has failed.
outcome() {
  local word
  word=$(result_of "$1" result)
  echo "${word:-FAILED}"
}

failed() { [[ $(outcome "$1") = FAILED ]]; }

text_of() {
  local text
  text=$(result_of "$1" text)
  if [[ -z $text ]] && failed "$1"; then
    text="error in slice-push: $(tail -n 1 "$work/node-$1/trace" 2>/dev/null)"
  fi
  echo "$text"
}

# Whether the node is as it was asked for: all words but these two say so.
as_asked() {
  case $(outcome "$1") in
    FAILED) return 1 ;;
    stopped) [[ $action = stop ]] ;;
  esac
}

print_results() {
  local name good=0
  for name in "${names[@]}"; do
    if as_asked "$name"; then good=$((good + 1)); fi
  done
  if [[ $action = logs && -z $json ]]; then
    print_logs
  elif [[ -n $json ]]; then
    print_json
  else
    print_table
    echo "$good of ${#names[@]} nodes $(asked_for)"
  fi
  ((good == ${#names[@]}))
}

asked_for() {
  case $action in
    push | rollback | status) echo "run" ;;
    stop) echo "are stopped" ;;
    *) echo "can be pushed to" ;;
  esac
}

print_logs() {
  local name
  for name in "${names[@]}"; do
    echo "== $name $(text_of "$name")"
    cat "$work/node-$name/log" 2>/dev/null || true
  done
}

print_table() {
  local name copied release
  {
    printf '%s\t' node result mode release files bytes seconds && echo
    for name in "${names[@]}"; do
      copied=$(result_of "$name" copied) release=$(result_of "$name" release)
      printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$(outcome "$name")" \
        "$(or_dash "$(result_of "$name" mode)")" "$(or_dash "${release:0:12}")" \
        "$(or_dash "${copied% *}")" "$(or_dash "${copied#* }")" \
        "$(seconds "$(result_of "$name" ms)")" "$(text_of "$name")"
    done
  } | align
}

or_dash() { echo "${1:--}"; }

seconds() { awk -v ms="${1:-0}" 'BEGIN { printf "%.1f", ms / 1000 }'; }

# Columns by tabs, each as wide as it must be.
align() {
  awk -F '\t' '
    { for (i = 1; i < 8; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) }; rest[NR] = $8 }
    END {
      for (row = 1; row <= NR; row++) {
        line = ""
        for (i = 1; i < 8; i++) line = line sprintf("%-" width[i] "s  ", cell[row, i])
        line = line rest[row]
        sub(/ +$/, "", line)
        print line
      }
    }'
}

# ---------------------------------------------------------------------------------------------- JSON

or_null() { echo "${1:-null}"; }

# A string: what JSON does not take as it is, is escaped or left out.
json_string() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "$(tr -d '\000-\037' <<<"$text")"
}

print_json() {
  local name separator='' copied pid
  echo '['
  for name in "${names[@]}"; do
    copied=$(result_of "$name" copied) pid=$(result_of "$name" pid)
    printf '%s  {"node": %s, "result": %s, "good": %s, "mode": %s, "release": %s,' "$separator" \
      "$(json_string "$name")" "$(json_string "$(outcome "$name")")" \
      "$(if as_asked "$name"; then echo true; else echo false; fi)" \
      "$(json_string "$(result_of "$name" mode)")" "$(json_string "$(result_of "$name" release)")"
    printf ' "pid": %s, "copiedFiles": %s, "copiedBytes": %s, "ms": %s, "phases": {%s}, "text": %s}' \
      "$(or_null "${pid%% *}")" "$(or_null "${copied% *}")" "$(or_null "${copied#* }")" \
      "$(or_null "$(result_of "$name" ms)")" "$(json_phases "$name")" "$(json_string "$(text_of "$name")")"
    separator=$',\n'
  done
  printf '\n]\n'
}

json_phases() {
  sed -n 's/^phase \([a-z]*\) \([0-9]*\)$/"\1": \2/p' "$work/node-$1/result" 2>/dev/null | paste -s -d , - || true
}
