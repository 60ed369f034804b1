#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# WireGuard in user space; it encrypts. WIREGUARD_GO names another binary than the packaged one.
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
binary=${WIREGUARD_GO:-wireguard-go}
needs=("$binary" wg)
sockets=/var/run/wireguard # where wg finds the devices: not part of a network namespace

# Its devices' names are those of their sockets, so they get names of this run's own first.
name_of() { echo "oas${1:0:1}$(cksum <<<"$dir" | cut -c 1-6)"; }

up() {
  local -A key public
  local side
  for side in client exit; do
    key[$side]=$(wg genkey)
    public[$side]=$(wg pubkey <<<"${key[$side]}")
    start $side env LOG_LEVEL=error WG_PROCESS_FOREGROUND=1 "$binary" -f "$(name_of $side)"
  done
  for side in client exit; do
    wait_for test -S "$sockets/$(name_of $side).sock"
    echo "${key[$side]}" >"$dir/$side.key"
  done
  ip netns exec "$client" wg set "$(name_of client)" private-key "$dir/client.key" listen-port 51821 \
    peer "${public[exit]}" allowed-ips 0.0.0.0/0 endpoint "$OASIS_EXIT:51822"
  ip netns exec "$exit" wg set "$(name_of exit)" private-key "$dir/exit.key" listen-port 51822 \
    peer "${public[client]}" allowed-ips "$OASIS_TUNNEL_CLIENT/32"
  ip -n "$client" link set "$(name_of client)" name $peer0
  ip -n "$exit" link set "$(name_of exit)" name $peer0
}

clean() { rm -f "$sockets/$(name_of client).sock" "$sockets/$(name_of exit).sock"; }

version() { "$binary" --version 2>/dev/null | head -n 1 || true; }

main "$@"
