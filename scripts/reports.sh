#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reads JUnit's XML reports: prints each failed, unsteady (passed when repeated) or skipped test, then
# "PASSED FAILED SKIPPED".
# Usage: reports.sh FOLDER...   Folders that do not exist hold no tests.
set -euo pipefail

find "$@" -name 'TEST-*.xml' -exec cat {} + 2>/dev/null | awk '
  function attribute(name,   at) {
    at = match($0, " " name "=\"[^\"]*\"")
    return at ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
  }
  # The reason is an attribute, or the first line of the stack trace of a failed assumption.
  function tell(what,   why) {
    why = attribute("message")
    if (why == "" && match($0, /CDATA\[[^ ]* /)) why = substr($0, RSTART + RLENGTH)
    print "  " what " " test (why == "" ? "" : ": " substr(why, 1, 160))
  }
  # Tests are counted one by one: the sums of a suite are those of its last repetition.
  /<testcase /    { tests++; test = attribute("classname") "." attribute("name") }
  /^ *<skipped/   { skipped++; tell("skipped") }
  /^ *<(failure|error)[ >]/ { failed++; tell("FAILED") }
  /^ *<flaky(Failure|Error)[ >]/ { tell("unsteady") }
  END             { print tests - failed - skipped, failed + 0, skipped + 0 }' |
  sed "s/&apos;/'/g; s/&quot;/\"/g; s/&lt;/</g; s/&gt;/>/g; s/&#10;/ /g; s/&amp;/\&/g"
