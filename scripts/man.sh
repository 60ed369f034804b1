#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the manual pages of all commands. Read one by: man -l target/man/oasis-client.1
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
find_archive experiments oasis.experiments.ExperimentMain
java "${java_options[@]}" -cp "$class_path" oasis.experiments.manual.ManPages "$directory"
echo "$(find "$directory" -name '*.1' | wc -l) manual pages in $directory"
