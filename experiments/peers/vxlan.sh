#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The kernel's VXLAN: what a tunnel inside the kernel reaches.
# shellcheck source=experiments/peers/lib.sh
. "$(dirname "$0")/lib.sh"
needs=(ip)

up() {
  ip -n "$client" link add $peer0 type vxlan id 42 dstport 4789 noudpcsum dev eth0 \
    local "$OASIS_CLIENT" remote "$OASIS_EXIT"
  ip -n "$exit" link add $peer0 type vxlan id 42 dstport 4789 noudpcsum dev eth0 \
    local "$OASIS_EXIT" remote "$OASIS_CLIENT"
}

version() { echo "Linux $(uname -r)"; }

main "$@"
