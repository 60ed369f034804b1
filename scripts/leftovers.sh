#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lists, one per line, what a test may leave in the operating system. Compare two of its outputs.
# With OASIS_TEST_ID as first argument it also lists processes that inherited that mark.
set -uo pipefail
export LC_ALL=C

ip netns list | sed 's/ .*//; s/^/namespace /'
ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
ip rule show | sed 's/^/ip rule /'
ip -6 rule show | sed 's/^/ip -6 rule /'
ip route show table all | sed 's/ expires [^ ]*//; s/^/route /'
ip -6 route show table all | sed 's/ expires [^ ]*//; s/^/route6 /'
nft list tables 2>/dev/null
sed 's/^/mount /' < <(awk '$5 ~ /netns|oasis/ { print $5 }' /proc/self/mountinfo)
# By which a virtual machine that was killed had answered jcmd.
for socket in /tmp/.java_pid*; do
  [[ ! -e $socket || -d /proc/${socket#/tmp/.java_pid} ]] || echo "socket $socket"
done
[[ -z ${1:-} ]] && exit
for process in $(grep -lzsx "OASIS_TEST_ID=$1" /proc/[0-9]*/environ); do
  process=${process%/environ}
  echo "process $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null | cut -c1-160)"
done
