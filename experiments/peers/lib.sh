# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the scripts of the peers share. Each says in `needs` which commands it needs, defines `up`, and
# ends with `main "$@"`. "oasis experiment run throughput --help" explains how it is called.
# shellcheck disable=SC2034,SC2154 # variables of one file are used in another
set -euo pipefail

client=${OASIS_CLIENT_NS:-} exit=${OASIS_EXIT_NS:-} # network namespaces
dir=${OASIS_DIR:-}                                  # for files; empty when `up` starts
mtu=${OASIS_MTU:-1430}
peer0=peer0 # the device that `up` makes at both ends

# start client|exit COMMAND...: starts a program in that namespace, in the background.
start() {
  local side=$1 namespace=${!1}
  shift
  ip netns exec "$namespace" "$@" >>"$dir/$side.log" 2>&1 </dev/null &
  echo $! >>"$dir/pids"
}

# wait_for COMMAND...: waits up to five seconds until it succeeds.
wait_for() {
  local try
  for try in $(seq 100); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  echo "waited $try times in vain for: $*" >&2
  return 1
}

# Ends what `start` has started. Files outside $dir are the peer's own to remove, in `clean`.
down() {
  local pid
  [[ ! -e $dir/pids ]] || while read -r pid; do
    kill "$pid" 2>/dev/null || true
    wait_for not kill -0 "$pid" || kill -KILL "$pid" 2>/dev/null || true
  done <"$dir/pids"
  rm -f "$dir/pids"
  clean
}

not() { ! "$@"; }
clean() { :; }

# "package version" of each command that is needed.
version() {
  local command package
  for command in "${needs[@]}"; do
    package=$(dpkg-query -S "$(readlink -f "$(type -P "$command")")" 2>/dev/null) || package=
    [[ -z $package ]] || dpkg-query -W -f '${Package} ${Version}\n' "${package%%:*}"
  done | sort -u | paste -sd ' '
}

main() {
  case ${1:-} in
    needs) echo "${needs[@]}" ;;
    version) version ;;
    up) up ;;
    down) down ;;
    *) echo "usage: $0 needs | version | up CLIENT_NS EXIT_NS | down" >&2 && exit 2 ;;
  esac
}
