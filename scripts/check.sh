#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# For scripts of tests. Sourced.

# check NAME COMMAND...: the command must succeed. Prints "passed|FAILED NAME".
check() {
  local name=$1 output
  shift
  if output=$(set +e; "$@" 2>&1); then
    echo "passed $name"
  else
    echo "FAILED $name"
    tail -n 15 <<<"$output" | sed 's/^/    /'
  fi
}
