#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the commands that the documents promise: each ```sh block, from the repository root, must end
# with 0. Blocks marked "```sh slow" or in any other language are not run. As an integration test, one
# that fails gets a second try, and is named as unsteady when that passes.
# Usage: doc-commands.sh list|run FILE...   Prints "passed|FAILED FILE:LINE" per block.
set -euo pipefail

action=$1 && shift
status=0
block= place= inside=

# Runs the block, and prints the end of what it printed when it fails.
run_block() {
  local output
  output=$(timeout -k 10 "${OASIS_DOC_TIMEOUT:-300}" bash -euxo pipefail -c "$block" </dev/null 2>&1) && return
  tail -n 15 <<<"$output" | sed 's/^/    /'
  return 1
}

finish_block() {
  local first second
  if [[ $action = list ]]; then
    echo "$place"
  elif first=$(run_block); then
    echo "passed $place"
  elif second=$(run_block); then
    printf '  unsteady %s\n%s\n' "$place" "$first"
    echo "passed $place"
  else
    status=1
    printf 'FAILED %s\n%s\n' "$place" "$second"
  fi
}

for file in "$@"; do
  number=0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    if [[ -n $inside ]]; then
      if [[ $line =~ ^[[:space:]]*\`\`\`[[:space:]]*$ ]]; then
        inside= && finish_block
      else
        block+=$line$'\n'
      fi
    elif [[ $line =~ ^[[:space:]]*\`\`\`sh[[:space:]]*$ ]]; then
      inside=yes block= place=$file:$number
    fi
  done <"$file"
done
exit $status
