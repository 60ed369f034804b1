#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slice-push.sh does on a node. It comes over ssh as the standard input of "sh -s", so that the
# node needs nothing of ours before; POSIX sh and the tools of Debian or busybox.
# Usage: sh -s COMMAND DIRECTORY [ARGUMENT...]
# It answers with lines "KEY VALUE"; a failure is one line "error TEXT" and status 1.
#
#   DIRECTORY/store/HASH        files, each named by its SHA-256
#   DIRECTORY/releases/ID/      hard links to them, by the manifest whose SHA-256 is ID
#   DIRECTORY/current, previous symbolic links to releases;   etc: to the settings of the current one
#   DIRECTORY/run/              process id, control socket, log
# shellcheck disable=SC2317 # functions are called by their names
set -eu
umask 077
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# How long an exit node may take to end after SIGTERM, in seconds.
grace=10
least_java=17
# With this status an exit node ends that cannot replace the one that runs.
not_replaceable=4

fail() {
  echo "error $*"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

moment() { sleep 0.2 2>/dev/null || sleep 1; }

# ---------------------------------------------------------------------------------------- probing

java_release() {
  "$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1
}

# Prints the first Java that can run us, or fails with what the best one found is.
find_java() {
  found=none
  for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} "$(command -v java || true)" \
    /usr/lib/jvm/*/bin/java /opt/*/bin/java "$HOME"/jdk*/bin/java "$HOME"/jre*/bin/java; do
    [ -x "$java" ] || continue
    release=$(java_release "$java")
    [ -n "$release" ] || continue
    found=$release
    if [ "$release" -ge "$least_java" ]; then
      echo "$java"
      return
    fi
  done
  echo "$found"
  return 1
}

# The effective capabilities with which a command of ours would run, in hexadecimal digits.
capabilities() { "$@" sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status; }

# yes or no for a bit of linux/capability.h
capability() {
  if [ $((0x$1 >> $2 & 1)) = 1 ]; then echo yes; else echo no; fi
}

yes_if() {
  if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi
}

# KiB that may be written where the directory is or will be.
free_kib() {
  place=$1
  while [ ! -d "$place" ]; do place=$(dirname "$place"); done
  df -Pk "$place" | sed -n '2s/.* \([0-9][0-9]*\)  *[0-9-]*%.*/\1/p'
}

probe() {
  rights=
  if [ "$(id -u)" != 0 ] && have sudo && sudo -n true 2>/dev/null; then rights='sudo -n'; fi
  # shellcheck disable=SC2086 # rights are words
  effective=$(capabilities $rights)
  echo "user $(id -un)"
  echo "directory $directory"
  echo "sudo ${rights:+yes}"
  client=${SSH_CLIENT:-}
  echo "client ${client%% *}"
  echo "netadmin $(capability "$effective" 12)"
  echo "netraw $(capability "$effective" 13)"
  # shellcheck disable=SC2086
  echo "tun $(yes_if $rights test -w /dev/net/tun)"
  # shellcheck disable=SC2086
  echo "nft $(yes_if $rights nft list tables)"
  echo "ip $(yes_if have ip)"
  echo "sysctl $(yes_if have sysctl)"
  echo "rsync $(yes_if have rsync)"
  echo "sha256sum $(yes_if have sha256sum)"
  echo "setsid $(yes_if have setsid)"
  if java=$(find_java); then echo "java $java"; else echo "oldjava $java"; fi
  echo "free $(free_kib "$directory")"
  report
  if [ -d "$directory/store" ]; then
    find "$directory/store" -maxdepth 1 -type f -name '[0-9a-f]*' | sed 's|.*/|has |'
  fi
}

# ---------------------------------------------------------------------------------- store, releases

# verify ID: every file of the manifest is whole, and the release is put together.
verify() {
  id=$1
  mkdir -p releases
  cd store
  printf '%s  %s\n' "$id" "$id" | sha256sum -c >/dev/null 2>&1 || damaged "$id"
  bad=$(cut -d ' ' -f 1 "$id" | sort -u | sed 's/.*/&  &/' | sha256sum -c 2>/dev/null |
    sed -n 's/: FAILED.*//p')
  # shellcheck disable=SC2086 # a list of words
  [ -z "$bad" ] || damaged $bad
  cd ..
  assemble "$id"
}

# Takes damaged files away, so that they are sent again.
damaged() {
  for name in "$@"; do
    rm -f "$name"
    echo "damaged $name"
  done
  fail "$# files are not what their names say"
}

assemble() {
  release=releases/$1
  [ -d "$release" ] || { release=releases/.$1 && rm -rf "$release" && mkdir -p "$release"; }
  while read -r hash path; do
    case $path in '' | /* | *..*) fail "the manifest has a bad path: $path" ;; esac
    mkdir -p "$(dirname "$release/$path")"
    # shellcheck disable=SC3013 # dash and busybox have it
    [ "$release/$path" -ef "store/$hash" ] || ln -f "store/$hash" "$release/$path"
  done <"store/$1"
  # shellcheck disable=SC3013
  [ "$release/MANIFEST" -ef "store/$1" ] || ln -f "store/$1" "$release/MANIFEST"
  [ "$release" = "releases/$1" ] || mv "$release" "releases/$1"
}

# link TARGET NAME: makes a symbolic link, or another one of it, in one step.
link() {
  ln -sfn "$1" ".$2.new"
  mv -fT ".$2.new" "$2"
}

# The release that a link names, or nothing.
named() {
  if [ -L "$1" ]; then basename "$(readlink "$1")"; fi
}

# switch ID: it is the current one from now on. What only the release before the last had goes.
switch() {
  prune "$1"
  old=$(named current)
  echo "was ${old:--} $(named previous)"
  if [ "$old" != "$1" ]; then
    [ -z "$old" ] || link "releases/$old" previous
    link "releases/$1" current
  fi
  link_etc
}

# The configuration is that of the current release.
link_etc() { if [ -d current/etc ]; then link current/etc etc; else rm -f etc; fi; }

# restore CURRENT|- [PREVIOUS]: undoes a switch.
restore() {
  if [ "$1" = - ]; then
    rm -f current previous etc
    return
  fi
  link "releases/$1" current
  if [ -n "${2:-}" ]; then link "releases/$2" previous; else rm -f previous; fi
  link_etc
}

# Says which release "previous" names, to be switched to.
earlier() {
  id=$(named previous)
  [ -n "$id" ] || fail "there is no earlier release"
  echo "earlier $id"
}

# Releases that nothing names any more go, but for a new one, and then the files that no release has.
prune() {
  for release in releases/* releases/.[0-9a-f]*; do
    case ${release##*/} in
      "$1" | "$(named current)" | "$(named previous)") ;;
      *) rm -rf "$release" ;;
    esac
  done
  find store -type f -links 1 -exec rm -f {} +
}

# -------------------------------------------------------------------------------------- the process

# When a process was started, by the kernel's clock: with its id it is unique.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# Whether a process is there and has not ended.
alive() {
  case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c 1) in '' | Z | X) return 1 ;; esac
}

# Prints the id of the process in a file and the release it was started from, or fails when it has ended.
lives() {
  [ -r "$1" ] || return 1
  read -r its_pid since its_release <"$1" || return 1
  [ -n "$since" ] && [ "$(started "$its_pid")" = "$since" ] && alive "$its_pid" || return 1
  echo "$its_pid $its_release"
}

# The same of the process that runs here: the new one when a call broke off behind a replacement.
running() { lives run/pid || lives run/pid.new; }

# Tidies up behind a call that broke off in the middle of a replacement.
settle() {
  [ -e run/pid.new ] || return 0
  if new=$(lives run/pid.new); then
    if lives run/pid >/dev/null; then
      kill -KILL "${new%% *}"
    else
      keep_new
    fi
  fi
  rm -f run/pid.new run/log.new
}

# What was started beside the former process is the one that runs now.
keep_new() {
  mv -f run/log run/log.1
  mv -f run/log.new run/log
  mv -f run/pid.new run/pid
}

# What is there: "running PID ID" or nothing, "current ID", "previous ID", "says LINE".
report() {
  [ -d "$directory" ] || return 0
  cd "$directory"
  if now=$(running); then echo "running $now"; fi
  echo "current $(named current)"
  echo "previous $(named previous)"
  if [ -r run/log ]; then echo "says $(last_line run/log)"; fi
}

# The line of a log that says most: that it is ready, or what is wrong.
last_line() {
  {
    grep '^Ready' "$1" || grep '^oasis exit:' "$1" || grep -v '^[[:space:]]*$' "$1" || true
  } | tail -n 1 | cut -c 1-300
}

# start SECONDS [again]: runs the current release, unless it runs already; waits until it is ready. It takes
# over from another release that runs, with all connections; with "again" everything begins anew.
start() {
  seconds=$1
  id=$(named current)
  [ -n "$id" ] || fail "nothing was pushed yet"
  JAVA=$(find_java) || fail "no Java $least_java or later"
  export JAVA
  (umask 022 && mkdir -p run)
  settle
  if now=$(running); then
    if [ "${2:-}" = again ]; then
      stop
    elif [ "${now#* }" = "$id" ]; then
      echo "unchanged $now"
      return
    elif replace "${now%% *}" $((seconds / 2)); then
      say_running
      return
    else
      stop
      seconds=$((seconds - seconds / 2))
    fi
  fi
  if [ -e run/log ]; then mv -f run/log run/log.1; fi
  launch run/pid run/log
  if ! await_ready run/log "$seconds"; then
    if alive "$pid"; then
      stop
      fail "not ready within $1 s: $(last_line run/log)"
    fi
    rm -f run/pid
    fail "it ended: $(last_line run/log)"
  fi
  say_running
}

say_running() {
  echo "running $pid $id"
  echo "says $(last_line run/log)"
}

# launch FILE LOG [OPTION]: starts the current release with its options; "pid" is its process, as in FILE.
launch() {
  file=$1 log=$2
  (umask 022 && : >"$log" && : >"$file")
  shift 2
  while IFS= read -r word; do set -- "$@" "$word"; done <current/options
  # In a session of its own, so that the end of ssh does not touch it.
  (exec setsid sh current/bundle/oasis exit run --control "$directory/run/exit.sock" "$@" \
    >>"$log" 2>&1 </dev/null) &
  pid=$!
  echo "$pid $(started "$pid") $id" >"$file"
}

# await_ready LOG SECONDS: whether the process that was started says so within this time.
await_ready() {
  end=$(($(date +%s) + $2))
  while ! grep -q '^Ready' "$1"; do
    alive "$pid" && [ "$(date +%s)" -lt "$end" ] || return 1
    moment
  done
}

# replace OLD SECONDS: the current release takes over from process OLD. Fails when OLD cannot be replaced or
# does not answer: it has to be ended first. When the new one has a fault of its own, OLD goes on.
replace() {
  launch run/pid.new run/log.new --replace
  if await_ready run/log.new "$2"; then
    keep_new
    await_end "$1" || kill -KILL "$1"
    return 0
  fi
  status=0
  why=$(last_line run/log.new)
  if alive "$pid"; then
    kill -KILL "$pid"
    status=$not_replaceable
  else
    wait "$pid" || status=$?
  fi
  cat run/log.new >>run/log
  rm -f run/pid.new run/log.new
  [ "$status" = "$not_replaceable" ] || fail "it ended: $why"
  return 1
}

# Whether a process ends within the grace.
await_end() {
  end=$(($(date +%s) + grace))
  while alive "$1"; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    moment
  done
}

# Ends the process; what one that had to be killed left behind is removed.
stop() {
  settle
  now=$(running) || return 0
  pid=${now%% *}
  kill -TERM "$pid"
  if ! await_end "$pid"; then
    kill -KILL "$pid"
    moment
    JAVA=$(find_java) sh current/bundle/oasis exit cleanup --control "$directory/run/exit.sock" >&2 || true
  fi
  rm -f run/pid
  echo "stopped $pid"
}

logs() {
  for file in run/log.1 run/log; do
    [ ! -r "$file" ] || tail -n "$1" "$file"
  done | tail -n "$1"
}

main() {
  command=$1 directory=$2
  shift 2
  case $directory in /*) ;; *) directory=$(cd && pwd -P)/$directory ;; esac
  case $command in
    probe | report) ;;
    *) cd "$directory" 2>/dev/null || fail "nothing was pushed to $directory yet" ;;
  esac
  "$command" "$@"
}

main "$@" </dev/null
exit
