#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# quicktun with its raw protocol: the plainest tunnel there is, one thread, no cipher.
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
needs=(quicktun)

up() {
  # Debian's looks for variables with this prefix where IFACE is set.
  local q=IF_QT_ common
  common=("IFACE=$peer0" "${q}INTERFACE=$peer0" "${q}TUN_MODE=1" "${q}PROTOCOL=raw")
  common+=("${q}LOCAL_PORT=2998" "${q}REMOTE_PORT=2998")
  start client env "${common[@]}" ${q}LOCAL_ADDRESS="$OASIS_CLIENT" ${q}REMOTE_ADDRESS="$OASIS_EXIT" quicktun
  start exit env "${common[@]}" ${q}LOCAL_ADDRESS="$OASIS_EXIT" ${q}REMOTE_ADDRESS="$OASIS_CLIENT" quicktun
}

main "$@"
