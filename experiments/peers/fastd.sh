#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fastd without a cipher.
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
needs=(fastd)

configure() { # for $side: the address it binds, where the other is or nothing
  cat >"$dir/$side.conf" <<F
log level warn; mode tun; interface "$peer0"; mtu $mtu; method "null";
bind $1:10000; secret "${secret[$side]}";
peer "other" { key "${public[$far]}"; $2 }
F
}

up() {
  local -A secret public
  local side far pair
  for side in client exit; do
    pair=$(fastd --generate-key 2>/dev/null)
    secret[$side]=$(awk '/^Secret/ {print $2}' <<<"$pair")
    public[$side]=$(awk '/^Public/ {print $2}' <<<"$pair")
  done
  side=client far=exit configure "$OASIS_CLIENT" "remote $OASIS_EXIT:10000;"
  side='exit' far=client configure "$OASIS_EXIT" ""
  start exit fastd --config "$dir/exit.conf"
  start client fastd --config "$dir/client.conf"
}

main "$@"
