# SPDX-License-Identifier: Apache-2.0
# Kills the client when its data loop stands still, so that a hung client does not hold the network
# of the host: its TUN device, routes and firewall table vanish with it. Started by the client as
#   bash -c SCRIPT oasis-supervisor CLIENT_PID [FAKE_RANGE]
# with the read end of the heart-beat pipe as standard input. Up to the kill there are only built-in
# commands: it must work on a host that is out of memory and process ids.
#
# A line is a beat. The first may be long in coming (start), and so may the end after "bye" (clean
# close). End of file means that the client is gone. TCP connections to fake addresses are then
# ended, because nothing else tells their programs: the kernel would send again for a quarter of an
# hour. Where the kernel cannot (no INET_DIAG_DESTROY) they are left to that.

# Keys pressed at the terminal reach the whole process group; they are meant for the client.
trap '' INT TERM HUP QUIT TSTP
client=$1
range=${2-}
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
    if [ "$beat" = bye ]; then limit=10; else limit=2; fi
    continue
  fi
  if [ "$status" -le 128 ]; then
    [ -z "$range" ] || exec ss -K state connected dst "$range" > /dev/null 2>&1
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
