#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# OpenVPN over UDP; it encrypts (AES-256-GCM).
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
needs=(openvpn openssl)

fingerprint() { openssl x509 -in "$dir/$1.crt" -noout -fingerprint -sha256 | cut -d= -f2; }

up() {
  local side common=(--dev-type tun --dev "$peer0" --topology p2p --proto udp --port 1194)
  common+=(--tun-mtu "$mtu" --mssfix 0 --txqueuelen 1000 --verb 1 --disable-dco --fast-io)
  common+=(--keepalive 10 60 --ping-timer-rem --data-ciphers AES-256-GCM)
  for side in client exit; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$side" \
      -keyout "$dir/$side.key" -out "$dir/$side.crt" 2>/dev/null
  done
  start exit openvpn --tls-server --dh none --local "$OASIS_EXIT" "${common[@]}" \
    --ifconfig "$OASIS_TUNNEL_EXIT" "$OASIS_TUNNEL_CLIENT" \
    --cert "$dir/exit.crt" --key "$dir/exit.key" --peer-fingerprint "$(fingerprint client)"
  start client openvpn --tls-client --remote "$OASIS_EXIT" "${common[@]}" \
    --ifconfig "$OASIS_TUNNEL_CLIENT" "$OASIS_TUNNEL_EXIT" \
    --cert "$dir/client.crt" --key "$dir/client.key" --peer-fingerprint "$(fingerprint exit)"
}

main "$@"
