# SPDX-License-Identifier: Apache-2.0
# Kills the client when its data loop stands still, so that a hung client does not hold the network
# of the host: its TUN device, routes and firewall table vanish with it. Started by the client as
#   setsid bash -c SCRIPT oasis-supervisor CLIENT_PID [CAPTURE_MARK FAKE_RANGE...]
# with the read end of the heart-beat pipe as standard input; in a session of its own, so that what
# stops or kills the client's process group leaves it. Up to the kill there are only built-in
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

# Sets $now to hundredths of a second since the boot, those of a suspend included.
look_at_clock() {
  local seconds hundredths
  IFS='. ' read -r seconds hundredths _ < /proc/uptime
  now=$((seconds * 100 + 10#$hundredths))
}

# Sets $parent and $group to those of a process.
look_at_process() {
  local stat
  read -r stat 2> /dev/null < "/proc/$1/stat" || return
  stat=${stat##*) }
  stat=${stat#* }
  parent=${stat%% *}
  stat=${stat#* }
  group=${stat%% *}
}

# Whether the data loop waits in the kernel where nothing interrupts it, for a lock or a disk: a kill
# would not help the host either, and cost the client.
waits_in_kernel() {
  local task stat
  for task in "/proc/$client/task/"*; do
    read -r stat 2> /dev/null < "$task/stat" || continue
    [[ $stat != *"(data) D "* ]] || return 0
  done
  return 1
}

# Sets $ran and $queued to nanoseconds for which the client's threads have run so far and for which
# they waited for a processor before, and $runnable if one waits or runs now.
look_at_threads() {
  local task run queue stat
  ran=0
  queued=0
  runnable=
  for task in "/proc/$client/task/"*; do
    read -r run queue _ 2> /dev/null < "$task/schedstat" || continue
    ran=$((ran + run))
    queued=$((queued + queue))
    read -r stat 2> /dev/null < "$task/stat" || continue
    [[ $stat != *") R "* ]] || runnable=yes
  done
}

# Whether the client got less of the processors between two looks at its threads, half a second
# apart, than it waited for: for a fifth of that time, or for all of it.
was_starved() {
  local run=$((ran - $1)) queue=$((queued - $2))
  if ((run == 0 && queue == 0)); then
    [ -n "$runnable" ]
  else
    ((queue > 100000000 && queue > run))
  fi
}

# A signal to the whole group may have stopped what holds the firewall table as well: it has to go on
# to see that the client has ended.
wake_group() {
  [ -z "$clients" ] || kill -CONT -- "-$clients" 2> /dev/null
}

# A service manager's signals reach all processes of the client; they are meant for the client.
trap '' INT TERM HUP QUIT TSTP
client=$1
limit=20
closing=
spared=0
waited=0
group=0
look_at_process "$client"
clients=$group
look_at_process "$$"
if [ "$clients" -le 1 ] || [ "$clients" = "$group" ]; then clients=; fi
while true; do
  look_at_clock
  began=$now
  read -r -t "$((limit - 1)).5" beat
  status=$?
  if [ "$status" -gt 128 ]; then
    # If this process itself was woken late, the whole machine stood still (suspended, overloaded),
    # which says nothing about the client. It gets its time once more, but not for ever.
    look_at_clock
    if ((now - began > limit * 100 && spared < 4)); then
      spared=$((spared + 1))
      continue
    fi
    # A machine that stood still until just now owes the client this moment at least.
    look_at_threads
    ran_before=$ran
    queued_before=$queued
    read -r -t 0.5 beat
    status=$?
    # The same holds when the client alone gets next to nothing of an overloaded machine, because it
    # shares its group with others.
    if [ "$status" -gt 128 ] && ((spared < 4)); then
      look_at_threads
      if was_starved "$ran_before" "$queued_before"; then
        spared=$((spared + 1))
        continue
      fi
    fi
  fi
  if [ "$status" -eq 0 ]; then
    spared=0
    waited=0
    [ "$beat" != bye ] || closing=yes
    # Beats that follow "bye" until the loop ends do not shorten the patience again.
    if [ -n "$closing" ]; then limit=10; else limit=3; fi
    continue
  fi
  if [ "$status" -le 128 ]; then
    wake_group
    [ $# -lt 3 ] || end_connections "${@:2}"
    exit 0
  fi
  if ((waited < 10)) && waits_in_kernel; then
    waited=$((waited + 1))
    continue
  fi
  # The process id could be somebody else's by now, unless it is still our parent.
  look_at_process "$$" || exit 1
  [ "$parent" = "$client" ] || exit 0
  echo "oasis client: the data loop has not turned for $limit s; killed, so that this host keeps its network" >&2
  kill -KILL "$client"
  wake_group
  limit=10
done
