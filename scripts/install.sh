#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install.sh COMMAND...: installs the Debian packages of those that are missing.
# shellcheck source=scripts/packages.sh
. "$(dirname "$0")/packages.sh"
need_commands "$@"
