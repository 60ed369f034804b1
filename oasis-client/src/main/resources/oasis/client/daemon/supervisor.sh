# SPDX-License-Identifier: Apache-2.0
# Kills the client when its data loop stands still, so that a hung client does not hold the network
# of the host: its TUN device, routes and firewall table vanish with it. Started by the client as
#   bash -c SCRIPT oasis-supervisor CLIENT_PID [CAPTURE_MARK FAKE_RANGE...]
# with the read end of the heart-beat pipe as standard input. Up to the kill there are only built-in
# commands: it must work on a host that is out of memory and process ids.
#
# A line is a beat. The first may be long in coming (start), and so may the end after "bye" (clean
# close). End of file means that the client is gone.

# TCP connections that the client carried cannot go on without it, and nothing tells their programs:
# the kernel would send again for a quarter of an hour. They are those to fake addresses and those
# with our mark. Where the kernel cannot end them (no INET_DIAG_DESTROY) they are left to that.
end_connections() {
  local capture=$1 line mark filter="" count=0 range
  shift
  for range; do
    filter+="${filter:+ or }dst [$range]"
  done
  while read -r line; do
    mark=${line##* mark=}
    mark=${mark%% *}
    ((mark & capture)) || continue
    [[ $line =~ \ tcp\ [^=]*\ src=([0-9a-f.:]+)\ dst=([0-9a-f.:]+)\ sport=([0-9]+)\ dport=([0-9]+)\  ]] || continue
    filter+=" or ( src [${BASH_REMATCH[1]}]:${BASH_REMATCH[3]}"
    filter+=" and dst [${BASH_REMATCH[2]}]:${BASH_REMATCH[4]} )"
    ((++count < 1000)) || break
  done < <(grep -s ' mark=[1-9]' /proc/net/nf_conntrack)
  ss -K state connected "( $filter )" > /dev/null 2>&1
}

# Keys pressed at the terminal reach the whole process group; they are meant for the client.
trap '' INT TERM HUP QUIT TSTP
client=$1
limit=20
while true; do
  read -r -t "$limit" beat
  status=$?
  if [ "$status" -gt 128 ]; then
    # After a suspend of the whole host the time is up at once although nothing hangs.
    read -r -t 0.3 beat
    status=$?
  fi
  if [ "$status" -eq 0 ]; then
    if [ "$beat" = bye ]; then limit=10; else limit=3; fi
    continue
  fi
  if [ "$status" -le 128 ]; then
    [ $# -lt 3 ] || end_connections "${@:2}"
    exit 0
  fi
  # The process id could be somebody else's by now, unless it is still our parent.
  read -r stat < "/proc/$$/stat" || exit 1
  stat=${stat##*) }
  parent=${stat#* }
  parent=${parent%% *}
  [ "$parent" = "$client" ] || exit 0
  echo "oasis client: the data loop has not turned for $limit s; killed, so that this host keeps its network" >&2
  kill -KILL "$client"
  limit=10
done
