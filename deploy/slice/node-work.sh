#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What slice-push.sh does with one node, phase by phase, each with a deadline. Sourced; runs in a
# shellcheck disable=SC2154 # variables of slice-push.sh
# subshell for each node, and writes lines "KEY VALUE" to the node's result file.

# The subshell's own state. "undo" is what a failure has to take back; "seen" is what the node said.
node='' box='' phase='' phase_ends=0 phase_begin=0 node_begin=0 undo='' ran='' rights='' exit_mode=''
release='' child='' copied_files=0 copied_bytes=0
declare -A seen

note() { echo "$1 ${*:2}" >>"$box/result"; }

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

enter() {
  leave
  phase=$1 phase_ends=$((SECONDS + deadline[$1])) phase_begin=$(now_ms)
}

leave() {
  if [[ -n $phase ]]; then note phase "$phase" $(($(now_ms) - phase_begin)); fi
  phase=''
}

# Ends the work on a node: what is wrong, after what can be taken back was.
give_up() {
  local why=$1 failed=$phase
  leave
  [[ -z $undo ]] || why+="; $(take_back)"
  note result FAILED
  note text "$failed: $why"
  exit 1
}

# timed COMMAND...: runs it for as long as the phase has left; 124 when that was not enough. Neither the
# lock nor the terminal are the business of what it starts.
timed() {
  local left=$((phase_ends - SECONDS))
  timeout --kill-after=2 $((left > 0 ? left : 1)) "$@" <&0 8>&- 9>&- &
  child=$!
  wait "$child"
}

ssh_command() { echo "ssh -F '$work/ssh_config'${port[$node]:+ -p ${port[$node]}}"; }

# ask COMMAND...: runs a command of node.sh on the node; what it says is in "seen". With a first word
# "root" it gets the rights that the node's probe has found.
ask() {
  local as='' status=0
  if [[ $1 = root ]]; then as=$rights && shift; fi
  # shellcheck disable=SC2086 # rights are words
  timed ssh -F "$work/ssh_config" ${port[$node]:+-p "${port[$node]}"} "${login[$node]}" \
    $as sh -s "$1" "${seen[directory]:-${dir[$node]}}" "${@:2}" \
    <"$home/deploy/slice/node.sh" >"$box/said" 2>"$box/errors" || status=$?
  local key value
  unset 'seen[error]'
  while read -r key value; do
    if [[ $key =~ ^[a-z0-9]+$ && $key != has ]]; then seen[$key]=$value; fi
  done <"$box/said"
  return $status
}

# must COMMAND...: the same, and gives up when it fails.
must() {
  local status=0
  ask "$@" || status=$?
  [[ $status = 0 ]] || give_up "$(reason $status)"
}

# What an exit status and the lines on standard error mean.
reason() {
  local last
  if [[ -n ${seen[error]:-} ]]; then
    echo "${seen[error]}"
  elif [[ $1 = 124 || $1 = 137 ]]; then
    echo "hangs: no end within ${deadline[$phase]} s"
  else
    last=$(grep -v '^[[:space:]]*$' "$box/errors" | tail -n 1 | tr -d '\r' | cut -c 1-200) || true
    case $(<"$box/errors") in
      *'HOST IDENTIFICATION HAS CHANGED'*) echo "its host key has changed: not the one in $known_hosts" ;;
      *'host key is known'* | *'Host key verification failed'*) echo "its host key is not pinned (--pin)" ;;
      *'Permission denied'*) echo "ssh: permission denied for ${login[$node]}" ;;
      *'Connection refused'*) echo "dead: connection refused" ;;
      *'timed out'*) echo "dead: no answer within $connect_seconds s" ;;
      *'No route to host'* | *'Network is unreachable'*) echo "dead: no route to the host" ;;
      *'Could not resolve'*) echo "dead: no address for ${login[$node]##*@}" ;;
      *'No space left on device'* | *'Disk quota exceeded'*) echo "disk full: $last" ;;
      *) echo "status $1${last:+: $last}" ;;
    esac
  fi
}

# ------------------------------------------------------------------------------------------- phases

probe_node() {
  enter probe
  must probe
  grep '^has ' "$box/said" | cut -d ' ' -f 2 | LC_ALL=C sort >"$box/has" || true
  rights=
  if [[ -n ${seen[sudo]:-} ]]; then rights='sudo -n'; fi
}

says_yes() { [[ ${seen[$1]:-} = yes ]]; }

# What has to be there for any mode; picks the mode of the exit node by what it may do.
choose_mode() {
  local tool
  if [[ -n ${seen[oldjava]:-} ]]; then
    if [[ ${seen[oldjava]} = none ]]; then give_up "no Java: install 17 or later"; fi
    give_up "its Java is ${seen[oldjava]}: install 17 or later"
  fi
  for tool in rsync sha256sum setsid; do
    says_yes $tool || give_up "no $tool"
  done
  case ${node_mode[$node]} in
    kernel) can_kernel || give_up "mode kernel needs $(missing_for_kernel)" && exit_mode=kernel ;;
    raw) exit_mode=$(raw_mode) ;;
    slice) exit_mode=slice ;;
    *) if can_kernel; then exit_mode=kernel; else exit_mode=$(raw_mode); fi ;;
  esac
  [[ $exit_mode = kernel ]] || says_yes netraw ||
    give_up "${seen[user]} may neither change the network (CAP_NET_ADMIN) nor open raw sockets (CAP_NET_RAW)"
  note mode "$exit_mode"
}

can_kernel() { says_yes netadmin && says_yes tun && says_yes nft && says_yes ip && says_yes sysctl; }

missing_for_kernel() {
  local list=''
  says_yes netadmin || list+=", CAP_NET_ADMIN"
  says_yes tun || list+=", /dev/net/tun"
  says_yes nft || list+=", nft"
  says_yes ip || list+=", ip"
  says_yes sysctl || list+=", sysctl"
  echo "${list#, }"
}

raw_mode() { if says_yes netadmin && says_yes nft && says_yes ip; then echo raw; else echo slice; fi; }

# The exit node's options, one a line, and with them the release for this node.
prepare_release() {
  {
    printf '%s\n' --listen "${udp[$node]}"
    case $exit_mode in
      kernel) printf '%s\n' --backend kernel ;;
      raw) printf '%s\n' --backend raw --silence nft ;;
      slice) printf '%s\n' --backend raw --silence sockets ;;
    esac
    if [[ -n $allow_me ]]; then printf '%s\n' --allow "${seen[client]}"; fi
    if ((${#exit_options[@]})); then printf '%s\n' "${exit_options[@]}"; fi
  } >"$box/options"
  release=$(make_release "$work/bundle.list" "$work/etc.list" "$box/options")
  note release "$release"
  { cut -d ' ' -f 1 "$stage/$release" && echo "$release"; } | LC_ALL=C sort -u >"$box/needs"
}

bytes_of() {
  local sum=0 file
  while read -r file; do sum=$((sum + $(stat -c %s "$stage/$file"))); done <"$1"
  echo $sum
}

find_missing() { LC_ALL=C comm -13 "$box/has" "$box/needs" >"$box/missing"; }

check_room() {
  local needed=$((($(bytes_of "$box/missing") + 1048576) / 1024)) free=${seen[free]:-}
  # What a node says is no expression: arithmetic would run the commands in it, on this host.
  [[ $free =~ ^(0|[1-9][0-9]{0,14})$ ]] || give_up "does not say how much room it has"
  ((needed <= free)) ||
    give_up "disk full: $free KiB free in ${seen[directory]}, $needed needed"
}

# Sends what the node has not; with nothing to send nothing is called.
copy_missing() {
  local status=0 host=${login[$node]} place=${seen[directory]}/store
  [[ -s $box/missing ]] || return 0
  [[ ${host##*@} != *:* ]] || host=${host%"${host##*@}"}[${host##*@}]
  timed rsync --files-from="$box/missing" --perms --whole-file --partial-dir=.partial --stats \
    --no-human-readable --rsh="$(ssh_command)" \
    --rsync-path="umask 077 && mkdir -p $place && rsync" \
    "$stage/" "$host:$place/" </dev/null >"$box/stats" 2>"$box/errors" || status=$?
  unset 'seen[error]'
  [[ $status = 0 ]] || give_up "$(reason $status)"
  copied_files=$((copied_files + $(statistic 'Number of regular files transferred')))
  copied_bytes=$((copied_bytes + $(statistic 'Total bytes sent')))
}

statistic() { sed -n "s/^$1: //p" "$box/stats" | tr -dc 0-9; }

copy_to_node() {
  enter copy
  copy_missing
  enter verify
  local status=0
  ask verify "$release" || status=$?
  if [[ $status != 0 ]]; then
    # What was damaged on the node is gone now, and is sent once more.
    sed -n 's/^damaged //p' "$box/said" | LC_ALL=C sort >"$box/missing"
    [[ -s $box/missing ]] || give_up "$(reason $status)"
    copy_missing
    must verify "$release"
  fi
}

switch_node() {
  enter switch
  must switch "$release"
  # Another release than before: a failure from here on goes back to that one.
  if [[ ${seen[was]%% *} != "$release" ]]; then undo=${seen[was]} ran=${seen[running]:-}; fi
}

start_node() {
  enter start
  seen[unchanged]='' seen[running]=''
  # The node gives up before our own deadline, so that it can say why.
  # shellcheck disable=SC2086 # one word or none
  must root start $((deadline[start] > 8 ? deadline[start] - 5 : deadline[start])) $again
  if [[ -n ${seen[unchanged]} ]]; then note result unchanged; else note result running; fi
  note pid "${seen[unchanged]:-${seen[running]}}"
}

# A keep-alive from here to the node and back, and with --through a packet to a host behind it.
check_node() {
  local host=${entry[$node]} status=0
  [[ -n $check ]] || { note text "not checked" && return; }
  enter check
  [[ $host != *:* ]] || host="[$host]"
  timed sh "$bundle/oasis" exit probe --timeout $(((deadline[check] + 1) / 2)) \
    ${key:+--key "$key"} ${through:+--through "$through"} "$host:${udp[$node]}" \
    </dev/null >"$box/said" 2>"$box/errors" || status=$?
  unset 'seen[error]'
  [[ $status = 0 ]] || give_up "$(sed -n 's/^oasis exit: //p' "$box/errors" | grep . || reason $status)"
  note text "$(<"$box/said")"
}

# After a failure: all is as it was before. Prints what came of it.
take_back() {
  local old=${undo%% *} status=0
  phase=start phase_ends=$((SECONDS + deadline[switch] + deadline[start]))
  # shellcheck disable=SC2086 # the releases are words
  ask restore $undo || status=$?
  if [[ $status != 0 ]]; then
    echo "the switch could not be taken back: $(reason $status)"
  elif [[ -z $ran ]]; then
    ask root stop || true
    echo "stopped, as before"
  elif ask root start "${deadline[start]}"; then
    echo "back to ${old:0:12}"
  else
    echo "${old:0:12}, from before, does not start either"
  fi
}

# ------------------------------------------------------------------------------------------- actions

finish() {
  note ms $(($(now_ms) - node_begin))
  progress "$node"
}

work_on() {
  node=$1 box=$work/node-$1
  mkdir "$box"
  trap '[[ -z $child ]] || kill "$child" 2>/dev/null; exit 143' TERM
  exec 2>"$box/trace"
  node_begin=$(now_ms)
  trap finish EXIT
  "${action//-/_}_node"
  leave
}

push_node() {
  prepare_push
  check_room
  copy_to_node
  note copied $copied_files $copied_bytes
  switch_node
  start_node
  check_node
}

prepare_push() {
  probe_node
  choose_mode
  prepare_release
  find_missing
}

dry_run_node() {
  prepare_push
  check_room
  leave
  local would old=${seen[current]:-nothing}
  would="would copy $(wc -l <"$box/missing") files, $(bytes_of "$box/missing") bytes"
  if [[ $old != "$release" ]]; then would+=", switch from ${old:0:12}"; fi
  if [[ -z ${seen[running]:-} || ${seen[running]#* } != "$release" || -n $again ]]; then would+=", start"; fi
  note result possible
  note text "$would"
}

status_node() {
  probe_node
  note release "${seen[current]:-}"
  if [[ -z ${seen[running]:-} ]]; then
    leave
    note result stopped
    note text "${seen[says]:-nothing was pushed}"
    return
  fi
  note result running
  note pid "${seen[running]}"
  check_node
}

stop_node() {
  probe_node
  enter start
  seen[stopped]=''
  if [[ -n ${seen[running]:-} ]]; then must root stop; fi
  note result stopped
  if [[ -n ${seen[stopped]} ]]; then note text "was process ${seen[stopped]}"; else note text "did not run"; fi
}

rollback_node() {
  probe_node
  enter verify
  must earlier
  release=${seen[earlier]}
  note release "$release"
  must verify "$release"
  switch_node
  start_node
  check_node
}

logs_node() {
  enter probe
  must logs "$lines"
  cp "$box/said" "$box/log"
  note result printed
}
