#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the jars that the launcher runs. Sourced; $home is the repository.
#
# Each build is copied to a folder target/run/N of its own, so that a process that runs from the
# build before keeps its jars, and class-data archives belong to exactly one build.

current=$home/target/run/current

is_stale() {
  [[ -e $current/stamp ]] || return 0
  # Folders count too: their time changes when a file goes away.
  [[ -n $(find "$home"/pom.xml "$home"/.mvn "$home"/*/pom.xml "$home"/*/src/main \
    -newer "$current/stamp" -print -quit) ]]
}

build_if_stale() {
  is_stale || return 0
  need_commands flock javac mvn
  (
    exec 9<"$home"
    flock -n 9 || { echo "oasis: waiting for another build" >&2 && flock 9; }
    if is_stale; then build; fi
  )
}

build() {
  local log=$home/target/build.log number run module jar
  local show='s/^\[INFO\] Building \(.*\) 0.* \(\[.*\]\)$/oasis: building \1 \2/p; /^\[ERROR\] .*\.java/p'
  number=$(($(basename "$(readlink "$current" || echo 0)") + 1))
  run=$home/target/run/$number
  rm -rf "$run" "$home"/*/target/quick/lib && mkdir -p "$run/lib"
  touch "$run/stamp" # before the build: what is edited meanwhile is newer
  echo "oasis: building (the first time downloads libraries; details in $log)" >&2
  (cd "$home" && mvn -B -P quick -Dmaven.test.skip=true package </dev/null 2>&1) | tee "$log" | sed -un "$show" >&2 ||
    { echo "oasis: the build failed, see $log" >&2 && return 1; }

  for module in oasis-client exit-node planetlab-port emulator experiments; do
    jar=("$home/$module/target/quick/$module"-*[!s].jar) # not the one of the tests
    cp -u "${jar[0]}" "$home/$module"/target/quick/lib/*.jar "$run/lib/"
    (cd "$home/$module/target/quick" && ls "${jar[0]##*/}" && ls lib) >"$run/$module.jars"
  done
  ln -sfn "$number" "$current"
  find "$home/target/run" -mindepth 1 -maxdepth 1 -type d \
    ! -name "$number" ! -name $((number - 1)) -exec rm -rf {} +
  # After a build by sudo the owner of the sources must still be able to build.
  if [[ $EUID = 0 ]]; then chown -R --reference="$home/pom.xml" "$home"/target "$home"/*/target; fi
}

# Runs a main class with a further JVM option, so that it loads what its start needs. Client and exit
# node start and stop in a network namespace of their own; where that is not allowed they fail early.
rehearse() {
  local main=$1 option=$2 place status=0 words=()
  place=$(mktemp -d)
  case $main in
    *.ClientMain)
      words=(run --try --state "$place/state" --overlay try=udp://127.0.0.1:9
        --rule 'tcp dport 9 try' --rule 'name:*.try.example try')
      ;;
    *.ExitMain) words=(run --try --allow 127.0.0.1) ;;
  esac
  if ((${#words[@]})); then
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare -rn bash -c 'ip link set lo up; exec "$@"' rehearse \
      java "${java_options[@]}" "$option" -cp "$class_path" "$main" \
      "${words[@]}" --control "$place/control" || status=$?
  else
    java "${java_options[@]}" "$option" -cp "$class_path" "$main" --help || status=$?
  fi
  rm -rf "$place"
  return $status
}

# Sets class_path and java_options for a main class; makes its class-data archive if missing.
find_archive() {
  local module=$1 main=$2 run java release archive jar
  run=$(readlink -f "$current")
  class_path=
  while read -r jar; do class_path+=${class_path:+:}$run/lib/$jar; done <"$run/$module.jars"

  # The archive must be made with the options that it is used with. Without -Xlog:disable a JVM that
  # cannot use it would say so; it is as good without.
  java_options=(-Xlog:disable -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED)
  java=$(readlink -f "$(type -P java)")
  release=$(cksum "${java%/bin/java}/release" 2>/dev/null || java -version 2>&1 | cksum)
  archive=$run/$main-${release%% *}.jsa
  if [[ ! -e $archive && -w $run ]]; then
    rehearse "$main" -XX:ArchiveClassesAtExit="$archive.$$" >/dev/null 2>&1 || true
    if [[ -e $archive.$$ ]]; then mv "$archive.$$" "$archive"; fi
  fi
  if [[ -e $archive ]]; then java_options+=(-Xshare:auto -XX:SharedArchiveFile="$archive"); fi
}
