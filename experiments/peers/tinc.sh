#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tinc 1.0 without a cipher.
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
needs=(tincd openssl)

configure() {
  local own=$dir/$side
  mkdir -p "$own/hosts"
  cat >"$own/tinc.conf" <<C
Name = $side
Interface = $peer0
Mode = router
DeviceType = tun
AddressFamily = ipv4
BindToAddress = * 6550
C
  # The default script would set an address.
  printf '#!/bin/sh\n' >"$own/tinc-up"
  chmod +x "$own/tinc-up"
  openssl genrsa -traditional -out "$own/rsa_key.priv" 2048 2>/dev/null
}

host() { # the file by which both sides know $side: its networks, its address
  {
    printf 'Subnet = %s\n' "$1"
    [[ $side = client ]] || printf 'Subnet = %s/32\n' "$OASIS_SERVER"
    printf 'Address = %s 6550\nPort = 6550\nCipher = none\nDigest = none\nCompression = 0\nPMTU = 1460\n' "$2"
    openssl rsa -in "$dir/$side/rsa_key.priv" -RSAPublicKey_out 2>/dev/null
  } | tee "$dir/client/hosts/$side" >"$dir/exit/hosts/$side"
}

up() {
  local side
  for side in client exit; do configure; done
  echo "ConnectTo = exit" >>"$dir/client/tinc.conf"
  side=client host "$OASIS_TUNNEL_CLIENT/32" "$OASIS_CLIENT"
  side='exit' host "$OASIS_TUNNEL_EXIT/32" "$OASIS_EXIT"
  start exit tincd -D -c "$dir/exit" --pidfile="$dir/exit/pid"
  wait_for test -e "$dir/exit/pid"
  start client tincd -D -c "$dir/client" --pidfile="$dir/client/pid"
}

main "$@"
