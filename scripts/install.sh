#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install.sh COMMAND...: installs the Debian packages of those that are missing.
. "$(dirname "$0")/packages.sh"
need_commands "$@"
