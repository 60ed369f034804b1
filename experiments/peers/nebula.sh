#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nebula; it encrypts (AES-256-GCM).
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
needs=(nebula nebula-cert)

configure() { # for $side: its address, the other's address inside and outside, its port's owner
  cat >"$dir/$side.yml" <<Y
pki: {ca: $dir/ca.crt, cert: $dir/$side.crt, key: $dir/$side.key}
static_host_map: {"$1": ["$2:4242"]}
lighthouse: {am_lighthouse: false, hosts: []}
listen: {host: 0.0.0.0, port: 4242}
punchy: {punch: true}
tun: {dev: $peer0, mtu: $mtu, tx_queue: 500, unsafe_routes: [$3]}
logging: {level: error}
firewall:
  outbound: [{port: any, proto: any, host: any}]
  inbound: [{port: any, proto: any, host: any}]
Y
}

up() {
  local side
  (
    cd "$dir"
    nebula-cert ca -name oasis -duration 48h
    nebula-cert sign -name client -ip "$OASIS_TUNNEL_CLIENT/24" -duration 24h
    nebula-cert sign -name exit -ip "$OASIS_TUNNEL_EXIT/24" -subnets "$OASIS_SERVER/32" -duration 24h
  ) >"$dir/cert.log" 2>&1
  side=client configure "$OASIS_TUNNEL_EXIT" "$OASIS_EXIT" \
    "{route: $OASIS_SERVER/32, via: $OASIS_TUNNEL_EXIT, mtu: $mtu}"
  side='exit' configure "$OASIS_TUNNEL_CLIENT" "$OASIS_CLIENT" ""
  for side in client exit; do start $side nebula -config "$dir/$side.yml"; done
}

main "$@"
