#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the manual pages of the client's command line. Read one by: man -l target/man/oasis-client.1
# Usage: man.sh [DIRECTORY]   (target/man)
set -euo pipefail

home=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
directory=${1:-$home/target/man}
# shellcheck source=scripts/packages.sh
. "$home/scripts/packages.sh"
# shellcheck source=scripts/build.sh
. "$home/scripts/build.sh"

need_commands java
build_if_stale
find_archive oasis-client oasis.client.daemon.ClientMain
java "${java_options[@]}" -cp "$class_path" oasis.client.daemon.ManPages "$directory"
echo "$(find "$directory" -name '*.1' | wc -l) manual pages in $directory"
