#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The bundle: what a node needs to run the exit node, and releases made of it. Sourced; $home is the
# shellcheck disable=SC2154 # variables of slice-push.sh
# repository, $stage a folder of files named by their SHA-256.

hash_of() { sha256sum <"$1" | cut -c 1-64; }

# Makes a bundle of what the launcher runs: the exit node's class path and a launcher of its own.
make_bundle() {
  local into=$1 run jar
  # shellcheck source=scripts/packages.sh
  . "$home/scripts/packages.sh"
  # shellcheck source=scripts/build.sh
  . "$home/scripts/build.sh"
  need_commands java
  build_if_stale
  # shellcheck disable=SC2154 # of build.sh
  run=$(readlink -f "$current")
  mkdir -p "$into/lib"
  cp "$home/deploy/slice/oasis.sh" "$into/oasis"
  cp "$home/scripts/daemon.options" "$home/LICENSE" "$run/exit-node.jars" "$into"
  while read -r jar; do cp "$run/lib/$jar" "$into/lib"; done <"$run/exit-node.jars"
}

# list_files DIRECTORY PREFIX: prints "HASH PREFIXpath" for each file and puts it on the stage.
list_files() {
  local path hash
  while read -r path; do
    hash=$(hash_of "$1/$path")
    stage_as "$1/$path" "$hash"
    echo "$hash $2$path"
  done < <(cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort)
}

stage_as() {
  [[ ! -e $stage/$2 ]] || return 0
  cp "$1" "$stage/.$2.$BASHPID" && mv -f "$stage/.$2.$BASHPID" "$stage/$2"
}

# make_release BUNDLE-LIST ETC-LIST OPTIONS: stages a release and prints its id, the SHA-256 of the
# list of its files.
make_release() {
  local list
  list=$(mktemp "$work/release.XXXXXX")
  {
    cat "$1" "$2"
    stage_as "$3" "$(hash_of "$3")"
    echo "$(hash_of "$3") options"
  } >"$list"
  stage_as "$list" "$(hash_of "$list")"
  hash_of "$list"
}
