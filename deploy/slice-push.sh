#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Puts the exit node on a list of hosts by OpenSSH and rsync, and runs it there. docs/operations.md
set -euo pipefail

home=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# shellcheck source=deploy/slice/bundle.sh
. "$home/deploy/slice/bundle.sh"
# shellcheck source=deploy/slice/node-work.sh
. "$home/deploy/slice/node-work.sh"
# shellcheck source=deploy/slice/results.sh
. "$home/deploy/slice/results.sh"

usage() {
  cat <<'EOT'
Usage: deploy/slice-push.sh [OPTION...] LIST [NODE...] [-- EXIT-OPTION...]

Puts the exit node on each node of LIST (or on those named), runs it there with the options behind
"--" (./oasis exit run --help lists them), and sees that packets pass. A line of LIST:
  NAME [USER@]HOST [port=22] [udp=4700] [dir=oasis] [mode=auto] [entry=HOST]

What to do instead of pushing:
  --status           who runs what; a round trip to each
  --stop             end the exit nodes
  --rollback         back to the release before
  --logs[=LINES]     print the end of their logs (40 lines)
  --dry-run          look what would be done; changes nothing
  --pin              fetch the host keys that are not pinned yet, and print them to be compared
  --make-bundle=DIR  only make the bundle, to be pushed later with --bundle

Options:
  --bundle=DIR       push this bundle, not one made of the sources here
  --etc=DIR          files for the directory "etc" of each node, such as exit.xml or keys
  --allow-me         the nodes also take this host for a client (by the address that its ssh has)
  --mode=MODE        auto, kernel, raw, or slice: raw without touching the firewall
  --through=ADDRESS  the round trip of the check goes on to this host behind the node, by ping
  --key=FILE         this host's key at the nodes, for the check, instead of --allow-me
  --no-check         leave the round trip out (this host is no client)
  --restart          start everything anew, also what runs already; ends its connections
  --known-hosts=FILE pinned host keys (default: LIST.known_hosts)
  --identity=FILE    private key
  --ssh-config=FILE  instead of ~/.ssh/config; "none" for neither
  --jobs=N           nodes at a time (16)
  --deadline=PHASE=SECONDS  of probe (20), copy (300), verify (60), switch (20), start (40), check (30);
                     may be repeated
  --json             print the results as JSON
EOT
}

die() {
  echo "slice-push: $1" >&2
  exit "${2:-2}"
}

action=push list='' bundle='' etc='' allow_me='' mode=auto through='' check=yes again='' known_hosts=''
identity='' ssh_config='' key='' jobs=16 json='' lines=40 make_bundle_into=''
declare -A deadline=([probe]=20 [copy]=300 [verify]=60 [switch]=20 [start]=40 [check]=30)
wanted=() exit_options=()

set_deadline() {
  local phase=${1%%=*} seconds=${1#*=}
  [[ $phase =~ ^[a-z]+$ && -n ${deadline[$phase]:-} && $seconds =~ ^[1-9][0-9]{0,4}$ ]] ||
    die "--deadline takes PHASE=SECONDS, not '$1'"
  deadline[$phase]=$seconds
}

# One thing at a time: of two the last one would be done, and it could be --stop.
act() {
  [[ $action = push || $action = "$1" ]] || die "give --$action or --$1, not both"
  action=$1
}

read_options() {
  while (($#)); do
    case $1 in
      --status | --stop | --rollback | --logs | --dry-run | --pin) act "${1#--}" ;;
      --logs=*) act logs && lines=${1#*=} ;;
      --make-bundle=*) act make-bundle && make_bundle_into=${1#*=} ;;
      --bundle=*) bundle=${1#*=} ;;
      --etc=*) etc=${1#*=} ;;
      --allow-me) allow_me=yes ;;
      --mode=*) mode=${1#*=} ;;
      --through=*) through=${1#*=} ;;
      --key=*) key=${1#*=} ;;
      --no-check) check='' ;;
      --restart) again=again ;;
      --known-hosts=*) known_hosts=${1#*=} ;;
      --identity=*) identity=${1#*=} ;;
      --ssh-config=*) ssh_config=${1#*=} ;;
      --jobs=*) jobs=${1#*=} ;;
      --deadline=*) set_deadline "${1#*=}" ;;
      --json) json=yes ;;
      -h | --help) usage && exit ;;
      --) shift && exit_options=("$@") && break ;;
      -*) die "no option $1 (--help lists them)" ;;
      *) if [[ -z $list ]]; then list=$1; else wanted+=("$1"); fi ;;
    esac
    shift
  done
}

check_options() {
  local option
  [[ -n $list ]] || die "name the list of nodes (--help says how to write it)"
  [[ -r $list && ! -d $list ]] || die "cannot read the list $list"
  [[ $jobs =~ ^[1-9][0-9]{0,2}$ ]] || die "--jobs takes 1 to 999, not '$jobs'"
  [[ $lines =~ ^[1-9][0-9]{0,5}$ ]] || die "--logs takes a number of lines, not '$lines'"
  is_mode "$mode" || die "--mode takes auto, kernel, raw or slice, not '$mode'"
  for option in "$identity" "$known_hosts" "$ssh_config"; do
    [[ $option != *[\"$'\n']* ]] || die "no quotes in names of files: $option"
  done
  [[ -z $key || -r $key ]] || die "cannot read $key"
  [[ -z $etc || -d $etc ]] || die "no directory $etc"
  [[ -z $bundle || -r $bundle/exit-node.jars ]] || die "no bundle in $bundle (--make-bundle makes one)"
  for option in "${exit_options[@]}"; do
    case ${option%%=*} in
      --listen) die "give the port in the list: udp=PORT, not --listen" ;;
      --config) [[ -z $allow_me ]] || die "--allow-me would put the file's <allow> out of force: write this host there, or use --key" ;;
      --control | --try) die "$option is not for nodes" ;;
      --backend | --silence) die "$option: say it by --mode or mode= in the list" ;;
      *$'\n'*) die "an option for the exit node has a line break" ;;
    esac
  done
  if [[ $action = push && -z $allow_me && ${#exit_options[@]} = 0 ]]; then
    die "nobody may be a client: add for example  -- --allow 192.0.2.0/24"
  fi
}

is_mode() { [[ $1 = auto || $1 = kernel || $1 = raw || $1 = slice ]]; }

# ------------------------------------------------------------------------------------------ the list

names=()
declare -A login port udp dir node_mode entry

read_list() {
  local line number=0 words
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    line=${line%%#*}
    read -ra words <<<"$line" || die "$list:$number: not text"
    if ((${#words[@]})); then read_node "$list:$number" "${words[@]}"; fi
  done < <(tr '\0' '?' <"$list")
  ((${#names[@]})) || die "no nodes in $list"
}

read_node() {
  local place=$1 name=$2 host word value shown=${2:0:40}
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || die "$place: bad name ${shown@Q}"
  [[ -z ${login[$name]:-} ]] || die "$place: $name is there twice"
  [[ ${3:-} =~ ^([A-Za-z_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.:-]*$ ]] ||
    die "$place: say where $name is: NAME [USER@]HOST"
  host=${3##*@}
  names+=("$name")
  login[$name]=$3 port[$name]='' udp[$name]=4700 dir[$name]=oasis
  node_mode[$name]=$mode entry[$name]=$host
  shift 3
  for word in "$@"; do
    value=${word#*=}
    case $word in
      port=* | udp=*) [[ $value =~ ^[1-9][0-9]{0,4}$ && $value -le 65535 ]] || die "$place: bad port '$value'" ;;
      dir=*) [[ $value =~ ^[A-Za-z0-9._/-]+$ && $value != *..* ]] || die "$place: bad directory '$value'" ;;
      mode=*) is_mode "$value" || die "$place: no mode '$value'" ;;
    esac
    case $word in
      port=*) port[$name]=$value ;;
      udp=*) udp[$name]=$value ;;
      dir=*) dir[$name]=$value ;;
      mode=*) node_mode[$name]=$value ;;
      entry=*) entry[$name]=$value ;;
      *) die "$place: no setting '$word'" ;;
    esac
  done
}

# Leaves the nodes that were named on the command line.
choose_nodes() {
  local name
  local -A chosen
  ((${#wanted[@]})) || return 0
  names=()
  for name in "${wanted[@]}"; do
    [[ -n ${login[$name]:-} ]] || die "no node $name in $list"
    [[ -n ${chosen[$name]:-} ]] || names+=("$name")
    chosen[$name]=yes
  done
}

# ------------------------------------------------------------------------------------------------ ssh

# ssh_config(5): the first value wins, so that ours go before those of the user.
write_ssh_config() {
  {
    cat <<EOT
Host *
  BatchMode yes
  StrictHostKeyChecking yes
  UserKnownHostsFile "$known_hosts"
  GlobalKnownHostsFile /dev/null
  UpdateHostKeys no
  CheckHostIP no
  ConnectTimeout $connect_seconds
  ConnectionAttempts 1
  ServerAliveInterval 5
  ServerAliveCountMax 3
  ClearAllForwardings yes
  ControlMaster no
  ControlPath none
  ForwardAgent no
  ForwardX11 no
  RequestTTY no
  LogLevel ERROR
EOT
    if [[ -n $identity ]]; then printf '  IdentityFile "%s"\n  IdentitiesOnly yes\n' "$(readlink -f "$identity")"; fi
    if [[ $ssh_config = none ]]; then
      :
    elif [[ -n $ssh_config ]]; then
      printf '  Include "%s"\n' "$(readlink -f "$ssh_config")"
    else
      printf '  Include ~/.ssh/config\n  Include /etc/ssh/ssh_config\n'
    fi
  } >"$work/ssh_config"
}

# Adds the keys of the hosts that have none yet; says which, since only their owners can tell whether
# they are theirs.
pin() {
  local name host place missing=0
  for name in "${names[@]}"; do
    host=${login[$name]##*@}
    place=$host
    [[ ${port[$name]:-22} = 22 ]] || place="[$host]:${port[$name]}"
    if [[ -e $known_hosts ]] && ssh-keygen -F "$place" -f "$known_hosts" >/dev/null 2>&1; then
      echo "$name: pinned"
      continue
    fi
    ssh-keyscan -T "$connect_seconds" -p "${port[$name]:-22}" "$host" >"$work/keys" 2>/dev/null || true
    if [[ -s $work/keys ]]; then
      cat "$work/keys" >>"$known_hosts"
      ssh-keygen -lf "$work/keys" | sed "s/^/$name: now pinned, compare: /"
    else
      echo "$name: no answer" >&2
      missing=1
    fi
  done
  return $missing
}

# --------------------------------------------------------------------------------------------- main

need() {
  local command
  for command in ssh rsync sha256sum timeout flock; do
    type -P "$command" >/dev/null || die "this host has no $command" 1
  done
}

prepare_bundle() {
  if [[ -z $bundle ]]; then
    bundle=$work/bundle
    (make_bundle "$bundle") || die "the bundle could not be made" 1
  fi
  list_files "$bundle" bundle/ >"$work/bundle.list"
  : >"$work/etc.list"
  if [[ -n $etc ]]; then list_files "$etc" etc/ >"$work/etc.list"; fi
}

# Works on all nodes, several at a time; each leaves its result in a file.
work_on_all() {
  local name
  trap 'kill $(jobs -rp) 2>/dev/null; wait; exit 130' INT TERM HUP
  for name in "${names[@]}"; do
    while (($(jobs -rp | wc -l) >= jobs)); do wait -n || true; done
    work_on "$name" &
  done
  wait
  trap - INT TERM HUP
}

# One push at a time for a list, so that two do not switch each other's releases.
lock() {
  exec 9<"$list"
  flock -n 9 || die "another slice-push works on $list" 1
}

# The check is done by the bundle's own exit node.
needs_bundle() {
  case $action in
    push | dry-run) return 0 ;;
    status | rollback) [[ -n $check ]] ;;
    *) return 1 ;;
  esac
}

main() {
  read_options "$@"
  if [[ $action = make-bundle ]]; then
    (make_bundle "$make_bundle_into") || exit 1
    echo "bundle in $make_bundle_into"
    exit
  fi
  check_options
  read_list
  choose_nodes
  need
  : "${known_hosts:=$list.known_hosts}"
  known_hosts=$(readlink -f "$known_hosts") || die "no directory for the host keys"
  if [[ $action = pin ]]; then
    pin
    return
  fi
  [[ -r $known_hosts ]] || die "no pinned host keys in $known_hosts (--pin fetches them)" 1
  case $action in push | stop | rollback) lock ;; esac
  write_ssh_config
  if needs_bundle; then prepare_bundle; fi
  exec 8>&2
  work_on_all
  print_results
}

umask 077
# A host that accepts a connection and then says nothing is given up after this.
connect_seconds=10
work=$(mktemp -d "${TMPDIR:-/tmp}/slice-push.XXXXXX")
stage=$work/stage
mkdir "$stage"
trap 'rm -rf "$work"' EXIT
main "$@"
