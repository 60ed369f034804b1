#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# vtun over UDP without a cipher.
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
needs=(vtund)

# For $side: its own address in the tunnel, the other's. A quoted string reaches to the line's last quote.
configure() {
  cat >"$dir/$side.conf" <<V
options { port 5055; timeout 60; }
oasis {
  passwd oasis; device $peer0; type tun; proto udp; compress no; encrypt no; keepalive yes; stat no;
  speed 0; persist yes;
  up {
    program "/sbin/ip addr add $1 peer $2 dev %%" wait;
    program "/sbin/ip link set %% mtu $mtu up" wait;
  };
}
V
}

up() {
  mkdir -p /var/lock/vtund # it cannot be told another place
  side=client configure "$OASIS_TUNNEL_CLIENT" "$OASIS_TUNNEL_EXIT"
  side='exit' configure "$OASIS_TUNNEL_EXIT" "$OASIS_TUNNEL_CLIENT"
  start exit vtund -n -s -f "$dir/exit.conf"
  wait_for grep -q ':13BF ' "/proc/$(tail -n 1 "$dir/pids")/net/tcp" # it listens at port 5055
  start client vtund -n -f "$dir/client.conf" oasis "$OASIS_EXIT"
}

main "$@"
