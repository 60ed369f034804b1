#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests deploy/slice-push.sh without a network and without root: ssh, rsync and java are stand-ins; an
# "ssh" to a node runs the command in a directory of that name. Prints "passed|FAILED NAME" per test.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=scripts/check.sh
. scripts/check.sh
scratch=$(mktemp -d)
trap 'end_nodes; rm -rf "$scratch"' EXIT

end_nodes() {
  local file pid since
  for file in "$scratch"/nodes/*/oasis/run/pid; do
    read -r pid since _ 2>/dev/null <"$file" || continue
    [[ $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20) = "$since" ]] && kill "$pid"
  done
}

# stand_in NAME: makes a command of standard input.
stand_in() { mkdir -p "$scratch/bin" && cat >"$scratch/bin/$1" && chmod 755 "$scratch/bin/$1"; }

stand_in ssh <<EOT
#!/bin/bash
while [[ \$1 = -* ]]; do shift 2; done
host=\${1##*@}; shift
case \$host in
  dead*) echo "ssh: connect to host \$host port 22: Connection refused" >&2; exit 255 ;;
  silent*) echo "ssh: connect to host \$host port 22: Connection timed out" >&2; exit 255 ;;
  other*) echo "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @" >&2; exit 255 ;;
  hangs*) exec sleep 30 ;;
esac
mkdir -p "$scratch/nodes/\$host"
export HOME=$scratch/nodes/\$host SSH_CLIENT="192.0.2.9 4242 22" NODE=\$host
if [[ \$host = liar* ]]; then
  sh -c "\$*" | sed 's|^free .*|free seen[\$(touch $scratch/taken)]|'
  exit
fi
exec sh -c "\$*"
EOT
stand_in rsync <<EOT
#!/bin/bash
for word; do case \$word in --files-from=*) list=\${word#*=} ;; esac; done
source=\${*: -2:1} to=\${*: -1}
case \$to in *@full*) echo "rsync: write failed: No space left on device (28)" >&2; exit 11 ;; esac
mkdir -p "\${to#*:}"
while read -r file; do cp "\$source\$file" "\${to#*:}"; done <"\$list"
echo "Number of regular files transferred: \$(wc -l <"\$list")"
echo "Total bytes sent: 1,234"
EOT
# Its user is not root but may become it, with CAP_NET_RAW.
stand_in id <<'EOT'
#!/bin/sh
case $1 in -u) echo 1000 ;; *) echo somebody ;; esac
EOT
stand_in sudo <<'EOT'
#!/bin/sh
shift
case $1 in sed) echo 0000000000002000 ;; *) exec "$@" ;; esac
EOT
stand_in java <<EOT
#!/bin/bash
case " \$* " in
  *" -version "*) echo 'openjdk version "17.0.1" 2021-10-19' >&2 ;;
  *" run "*)
    printf '%s\n' "\$@" >"$scratch/words-\$NODE"
    case " \$* " in *" --bad "*) echo "oasis exit: nobody can do that" >&2; exit 1 ;; esac
    case " \$* " in *" --replace "*)
      case " \$* " in *" --unlike "*) echo "oasis exit: stop it first" >&2; exit 4 ;; esac
      case " \$* " in *" --slow "*) exec sleep 300 ;; esac
      read -r old _ <"$scratch/nodes/\$NODE/oasis/run/pid"
      kill "\$old"
      ;;
    esac
    echo "Ready: stand-in"
    exec sleep 300
    ;;
  *" probe "*)
    [[ ! -e $scratch/mute ]] || { echo "oasis exit: no echo" >&2; exit 1; }
    echo "echo in 1.0 ms"
    ;;
esac
EOT

mkdir -p "$scratch/bundle/lib"
cp deploy/slice/oasis.sh "$scratch/bundle/oasis"
cp scripts/daemon.options "$scratch/bundle"
echo a.jar >"$scratch/bundle/exit-node.jars"
echo a >"$scratch/bundle/lib/a.jar"

# push LIST-LINES [ARGUMENT...]: runs the script with a list of these lines.
push() {
  printf '%b\n' "$1" >"$scratch/list"
  touch "$scratch/list.known_hosts"
  PATH=$scratch/bin:$PATH JAVA_HOME='' JAVA=$scratch/bin/java \
    deploy/slice-push.sh --bundle="$scratch/bundle" "$scratch/list" "${@:2}" 2>"$scratch/errors"
}

allow=(-- --allow 192.0.2.0/24)

# row NODE: its line of the table on standard input.
row() { grep "^$1 " | tr -s ' '; }

secondPushCopiesNothing() {
  local text pid
  text=$(push 'one a@one' "${allow[@]}") || { echo "$text" && return 1; }
  grep -Eq '^one running slice [0-9a-f]{12} 6 1234 [0-9.]+ echo in 1.0 ms$' <(row one <<<"$text") || { echo "$text" && return 1; }
  pid=$(<"$scratch/nodes/one/oasis/run/pid")
  text=$(push 'one a@one' "${allow[@]}") || return
  grep -Eq '^one unchanged slice [0-9a-f]{12} 0 0 ' <(row one <<<"$text") || { echo "$text" && return 1; }
  [[ $pid = "$(<"$scratch/nodes/one/oasis/run/pid")" ]] || { echo "started again" && return 1; }
  # A node that has all files but one gets that one.
  echo b >"$scratch/bundle/lib/b.jar"
  text=$(push 'one a@one' "${allow[@]}") || return
  rm "$scratch/bundle/lib/b.jar"
  grep -Eq '^one running slice [0-9a-f]{12} 2 1234 ' <(row one <<<"$text") || { echo "$text" && return 1; }
}

brokenNodesAreNamedAndTheOthersRun() {
  local text status
  text=$(push 'd a@dead\ns a@silent\no a@other\nh a@hangs\nf a@full\ng a@good' --deadline=probe=2 "${allow[@]}")
  status=$?
  echo "$text"
  [[ $status = 1 ]] && grep -q 'connection refused' <(row d <<<"$text") && grep -q 'no answer' <(row s <<<"$text") &&
    grep -q 'host key has changed' <(row o <<<"$text") && grep -q 'hangs: no end within 2 s' <(row h <<<"$text") &&
    grep -q 'copy: disk full' <(row f <<<"$text") && grep -q '^g running ' <(row g <<<"$text") &&
    grep -q '^1 of 6 nodes run$' <<<"$text"
}

exitOptionsArriveAsTheyAre() {
  # shellcheck disable=SC2016 # must not be expanded
  local odd='a "b" '\''c'\'' $d `e` \f *'
  push 'words a@words udp=4801' --allow-me -- --class "$odd" || return
  grep -Fxq -- "$odd" "$scratch/words-words" && grep -Fxq 4801 "$scratch/words-words" &&
    grep -Fxq 192.0.2.9 "$scratch/words-words" && grep -Fxq sockets "$scratch/words-words"
}

anotherOptionIsRolledBack() {
  local first second
  first=$(push 'back a@back' "${allow[@]}" | row back | cut -d ' ' -f 4)
  second=$(push 'back a@back' "${allow[@]}" --max-clients 7 | row back | cut -d ' ' -f 4)
  [[ -n $first && $first != "$second" ]] || { echo "$first $second" && return 1; }
  grep -Fxq 7 "$scratch/words-back" || return
  [[ $(push 'back a@back' --rollback | row back | cut -d ' ' -f 2,4) = "running $first" ]] || return
  ! grep -Fxq 7 "$scratch/words-back"
}

# pid NODE: the process that runs there.
pid() { cut -d ' ' -f 1 "$scratch/nodes/$1/oasis/run/pid"; }

has_ended() { ! grep -qs "^State:.[^ZX]" "/proc/$1/status"; }

anotherReleaseTakesOverFromTheOneThatRuns() {
  local old
  push 'over a@over' "${allow[@]}" >"$scratch/first" && old=$(pid over) || return
  ! grep -Fxq -- --replace "$scratch/words-over" || return
  push 'over a@over' "${allow[@]}" --max-clients 7 | grep '^over *running ' || return
  grep -Fxq -- --replace "$scratch/words-over" && has_ended "$old" && [[ $(pid over) != "$old" ]] || return
  # Everything begins anew when that is wanted.
  old=$(pid over)
  push 'over a@over' --restart "${allow[@]}" --max-clients 7 | grep '^over *running ' || return
  ! grep -Fxq -- --replace "$scratch/words-over" && has_ended "$old"
}

whatCannotBeReplacedIsEndedFirst() {
  local old option
  for option in --unlike --slow; do
    push 'unlike a@unlike' "${allow[@]}" >"$scratch/first" && old=$(pid unlike) || return
    push 'unlike a@unlike' --deadline=start=4 "${allow[@]}" $option | grep '^unlike *running ' || return
    ! grep -Fxq -- --replace "$scratch/words-unlike" && has_ended "$old" || return
    [[ $(ls "$scratch/nodes/unlike/oasis/run") = $'log\nlog.1\npid' ]] || return
  done
}

failedStartGoesBackToWhatRan() {
  local text old
  push 'again a@again' "${allow[@]}" >"$scratch/first" && old=$(pid again) || return
  text=$(push 'again a@again' "${allow[@]}" --bad) && return 1
  echo "$text"
  grep -q 'start: it ended: oasis exit: nobody can do that; back to ' <<<"$text" || return
  push 'again a@again' --status | grep '^again *running ' || return
  if [[ $(pid again) != "$old" ]] || has_ended "$old"; then echo "started again" && return 1; fi
  # And it is the very release of before, whose push has nothing to do.
  push 'again a@again' "${allow[@]}" | grep '^again *unchanged '
}

nodeThatDoesNotEchoIsNotLeftRunning() {
  local text
  touch "$scratch/mute"
  text=$(push 'mute a@mute' "${allow[@]}")
  rm "$scratch/mute"
  echo "$text"
  grep -q 'check: no echo; stopped, as before' <<<"$text" && [[ ! -e $scratch/nodes/mute/oasis/current ]]
}

damagedFileIsSentAgain() {
  local text file
  push 'bad a@bad' "${allow[@]}" >"$scratch/first" || return
  file=$scratch/nodes/bad/oasis/store/$(sha256sum <"$scratch/bundle/lib/a.jar" | cut -c 1-64)
  echo x >"$file"
  text=$(push 'bad a@bad' "${allow[@]}") || { echo "$text" && return 1; }
  grep -Eq '^bad unchanged slice [0-9a-f]{12} 1 1234 ' <(row bad <<<"$text") || { echo "$text" && return 1; }
  cmp "$scratch/bundle/lib/a.jar" "$scratch/nodes/bad/oasis/current/bundle/lib/a.jar"
}

stopEndsItAndStatusSaysSo() {
  local pid
  push 'end a@end' "${allow[@]}" >"$scratch/first" || return
  read -r pid _ <"$scratch/nodes/end/oasis/run/pid"
  push 'end a@end' --stop | grep "^end *stopped .*was process $pid$" || return
  has_ended "$pid" || return
  push 'end a@end' --status >"$scratch/status" && return 1
  grep -q '^end *stopped ' "$scratch/status" && push 'end a@end' --logs | grep 'Ready: stand-in'
}

dryRunChangesNothing() {
  local text
  text=$(push 'dry a@dry' --dry-run "${allow[@]}") || return
  echo "$text"
  grep -Eq '^dry possible slice [0-9a-f]{12} - - [0-9.]+ would copy 6 files, [0-9]+ bytes, switch from nothing, start$' <(row dry <<<"$text") &&
    [[ ! -e $scratch/nodes/dry/oasis ]]
}

whatNodeSaysRunsNothingHere() {
  local text
  text=$(push 'l a@liar\ng a@good4' "${allow[@]}")
  echo "$text"
  [[ ! -e $scratch/taken ]] || echo "ran what a node said"
  [[ ! -e $scratch/taken ]] && grep -q 'does not say how much room it has' <(row l <<<"$text") &&
    grep -q '^g running ' <(row g <<<"$text")
}

wrongCallsAreRefusedInOneLine() {
  refuses "nobody may be a client" 'x a@x' && refuses "list:2: no setting 'colour=red'" 'x a@x\ny a@y colour=red' "${allow[@]}" &&
    refuses "is there twice" 'x a@x\nx a@y' "${allow[@]}" && refuses "no node z" 'x a@x' z "${allow[@]}" &&
    refuses "udp=PORT" 'x a@x' -- --listen 7 && refuses "bad directory" 'x a@x dir=../up' "${allow[@]}" &&
    refuses "out of force" 'x a@x' --allow-me -- --config etc/exit.xml &&
    refuses "takes PHASE=SECONDS" 'x a@x' --deadline=lunch=5 "${allow[@]}" &&
    refuses "bad port" 'x a@x port=65536' "${allow[@]}" && refuses "bad name" 'x\0\x7f a@x' "${allow[@]}" &&
    refuses "give --status or --stop, not both" 'x a@x' --status --stop &&
    [[ $(deploy/slice-push.sh 2>&1) = *"name the list"* && $(deploy/slice-push.sh / 2>&1) = *"cannot read the list /" ]]
}

refuses() {
  local status
  push "${@:2}" >"$scratch/out"
  status=$?
  if [[ $status != 2 || $(wc -l <"$scratch/errors") != 1 ]] || ! grep -q "$1" "$scratch/errors"; then
    echo "not refused with $1: $status"
    cat "$scratch/errors"
    return 1
  fi
}

for test in secondPushCopiesNothing brokenNodesAreNamedAndTheOthersRun exitOptionsArriveAsTheyAre \
  anotherOptionIsRolledBack anotherReleaseTakesOverFromTheOneThatRuns whatCannotBeReplacedIsEndedFirst \
  failedStartGoesBackToWhatRan nodeThatDoesNotEchoIsNotLeftRunning damagedFileIsSentAgain \
  stopEndsItAndStatusSaysSo dryRunChangesNothing whatNodeSaysRunsNothingHere wrongCallsAreRefusedInOneLine; do
  check "slice-push: $test" $test
done
