#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts the exit node of the bundle that this file is in. JAVA names the Java to use, OASIS_JAVA_OPTS adds
# options to it. Usage: oasis exit COMMAND...
home=$(dirname "$(readlink -f "$0")")
[ "${1:-}" = exit ] || {
  echo "oasis: this bundle has the exit node only: oasis exit COMMAND" >&2
  exit 2
}
shift
class_path=
while read -r jar; do class_path=$class_path${class_path:+:}$home/lib/$jar; done <"$home/exit-node.jars"
# shellcheck disable=SC2086 # OASIS_JAVA_OPTS is a list of words
exec "${JAVA:-java}" -Xmx64m "@$home/daemon.options" ${OASIS_JAVA_OPTS:-} \
  -cp "$class_path" oasis.exit.daemon.ExitMain "$@"
