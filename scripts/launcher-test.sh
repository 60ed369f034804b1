#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests ./oasis and its scripts. Prints "passed|FAILED NAME" per test.
# Usage: launcher-test.sh [--fast]   --fast leaves out the tests that build a copy of the project.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
home=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# shellcheck source=scripts/check.sh
. scripts/check.sh

helpIsShortAndNamesEveryWord() {
  local word text
  text=$(./oasis --help) || return
  for word in demo test client exit planetlab cleanup emulate experiment completion; do
    grep -q "^  $word " <<<"$text" || { echo "no $word" && return 1; }
  done
}

unknownWordIsRefusedInOneLine() {
  local text status
  text=$(./oasis no-such-word 2>&1)
  status=$?
  [[ $status = 2 && $(wc -l <<<"$text") = 1 && $text = *no-such-word* ]]
}

completionCompletes() {
  "$scratch/copy/oasis" completion >"$scratch/completion" || return
  bash -c '
    . "$1"
    completes() {
      local expected=$1
      shift
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _complete_oasis && [[ ${COMPREPLY[*]} = "$expected" ]] || { echo "$*: ${COMPREPLY[*]}" && return 1; }
    }
    completes overlay oasis client over &&
      completes whois oasis exit who &&
      completes status oasis planetlab sta &&
      completes --calibrate oasis emulate --cal &&
      completes exit-hostile oasis experiment run exit-ho
  ' complete "$scratch/completion"
}

everyCommandHasAManualPage() {
  local word
  "$scratch/copy/scripts/man.sh" "$scratch/man" || return
  for word in client client-run client-overlay-add client-rule-list client-doctor exit exit-whois \
    planetlab-run emulate experiment-run-failover; do
    [[ -s $scratch/man/oasis-$word.1 ]] || { echo "no $word" && return 1; }
  done
}

worksThroughSymlinkFromElsewhere() {
  ln -s "$home/oasis" "$scratch/link"
  [[ $(cd / && "$scratch/link" --version) = $(sed -n 's/^  <version>\(.*\)<.*/\1/p' pom.xml) ]]
}

everyNeededCommandHasAPackage() {
  local word command
  . scripts/packages.sh
  for word in client exit cleanup demo emulate experiment test; do
    [[ -n $(commands_of $word) ]] || return
    for command in $(commands_of $word); do [[ -n $(package_of "$command") ]] || return; done
  done
}

# A user without root and without a command gets the line to run, and nothing is run for him.
missingCommandIsNamedWithItsPackage() {
  local text
  text=$(
    . scripts/packages.sh
    is_root() { false; }
    package_of() { echo oasis-no-such-package; }
    need_commands sh oasis-no-such-command 2>&1
  ) && return 1
  [[ $text = "oasis: missing commands; run: sudo apt-get install -y oasis-no-such-package" ]] || { echo "$text" && return 1; }
}

# A stand-in for apt-get sees a policy that forbids services; the machine's own comes back.
installationStartsNoService() {
  local bin=$scratch/bin
  mkdir -p "$bin" "$scratch/sbin"
  echo original >"$scratch/sbin/policy-rc.d"
  printf '#!/bin/sh\n[ "$2" = update ] || cp %s/sbin/policy-rc.d %s/seen\n' "$scratch" "$scratch" >"$bin/apt-get"
  chmod +x "$bin/apt-get"
  (
    . scripts/packages.sh
    PATH=$bin:$PATH policy=$scratch/sbin/policy-rc.d
    (install_packages oasis-no-such-package)
  ) || return
  grep -q 'exit 101' "$scratch/seen" && [[ $(cat "$scratch/sbin/policy-rc.d") = original ]]
}

reportsAreSummed() {
  mkdir -p "$scratch/reports"
  cat >"$scratch/reports/TEST-a.xml" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="a" time="0.1" tests="7" errors="1" skipped="2" failures="1">
  <testcase name="good" classname="a" time="0"/>
  <testcase name="off" classname="a" time="0">
    <skipped message="no &lt;root&gt; &amp; tun"/>
  </testcase>
  <testcase name="assumes" classname="a" time="0">
    <skipped type="x.Aborted"><![CDATA[x.Aborted: Assumption failed: no device
	at a.assumes(a.java:1)
]]></skipped>
  </testcase>
  <testcase name="bad" classname="a" time="0">
    <failure message="1 is not 2" type="x"/>
  </testcase>
  <testcase name="late" classname="a" time="0">
    <flakyFailure message="not yet" type="x">
      <stackTrace><![CDATA[x: not yet]]></stackTrace>
    </flakyFailure>
  </testcase>
</testsuite>
XML
  local text
  text=$(scripts/reports.sh "$scratch/reports" "$scratch/none")
  echo "$text"
  [[ $text = $'  skipped a.off: no <root> & tun\n  skipped a.assumes: Assumption failed: no device\n  FAILED a.bad: 1 is not 2\n  unsteady a.late: not yet\n2 1 2' ]]
}

documentBlocksAreRun() {
  printf '```sh\ntrue\nfalse\n```\n```sh slow\nfalse\n```\n```sh\ntrue\n```\n```sh\nmkdir %s\nfalse\n```\n' \
    "$scratch/tried 2>/dev/null || exit 0; echo once" >"$scratch/doc.md"
  local text
  text=$(scripts/doc-commands.sh run "$scratch/doc.md" | grep -v '^    +')
  [[ $text = "FAILED $scratch/doc.md:1"$'\n'"passed $scratch/doc.md:8"$'\n'"  unsteady $scratch/doc.md:11"$'\n    once\n'"passed $scratch/doc.md:11" ]] ||
    { echo "$text" && return 1; }
}

leftProcessesAreFound() {
  env OASIS_TEST_ID=launcher-test-$$ sleep 30 &
  local text
  sleep 0.1
  text=$(scripts/leftovers.sh launcher-test-$$ 2>/dev/null)
  kill $!
  grep -q '^process sleep 30' <<<"$text"
}

copyOfTheProject() {
  mkdir -p "$scratch/copy" && tar -c --exclude=./.git --exclude=target . | tar -x -C "$scratch/copy"
}

# Two at once: one builds, both run.
twoAtOnceBuildOnce() {
  local one two
  "$scratch/copy/oasis" client --version >"$scratch/one" 2>&1 &
  "$scratch/copy/oasis" exit --version >"$scratch/two" 2>&1 || { cat "$scratch/two" && return 1; }
  wait $! || { cat "$scratch/one" && return 1; }
  cat "$scratch/one" "$scratch/two"
  [[ $(cat "$scratch/one" "$scratch/two" | grep -c 'oasis: building (') = 1 ]] &&
    grep -q '^oasis client 0' "$scratch/one" && grep -q '^oasis exit 0' "$scratch/two"
}

rebuildsOnlyWhenSourcesChanged() {
  local text
  text=$("$scratch/copy/oasis" client --version 2>&1)
  [[ $text = 'oasis client '* ]] || { echo "not again: $text" && return 1; }
  sleep 0.1
  touch "$scratch/copy/oasis-core/src/main/java/oasis/packet/package-info.java"
  text=$("$scratch/copy/oasis" client --version 2>&1)
  grep -q 'building oasis-core' <<<"$text" || { echo "$text" && return 1; }
}

clientHasNoExperimentsOnItsClassPath() {
  local run=$scratch/copy/target/run/current
  grep -q jmh-core "$run/experiments.jars" && ! grep -Eq 'jmh|emulator|experiments|exit-node' "$run/oasis-client.jars"
}

# With every installed JDK that can run us: below a second of processor time (the clock would also
# measure what else the machine does), nothing on standard error.
helpIsQuickAndQuiet() {
  local release seconds
  TIMEFORMAT='%U %S'
  for release in /usr/lib/jvm/*/release; do
    export JAVA_HOME=${release%/release}
    [[ $(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release") -ge 17 ]] || continue
    "$scratch/copy/oasis" client --help >/dev/null 2>&1 || return
    seconds=$({ time "$scratch/copy/oasis" client --help >/dev/null 2>"$scratch/errors"; } 2>&1)
    echo "$JAVA_HOME took $seconds s, standard error: $(<"$scratch/errors")"
    awk '{ exit !($1 + $2 < 1) }' <<<"$seconds" && [[ ! -s $scratch/errors ]] || return
  done
}

for test in helpIsShortAndNamesEveryWord unknownWordIsRefusedInOneLine worksThroughSymlinkFromElsewhere \
  everyNeededCommandHasAPackage missingCommandIsNamedWithItsPackage installationStartsNoService \
  reportsAreSummed documentBlocksAreRun leftProcessesAreFound; do
  check "launcher: $test" $test
done
if [[ ${1:-} != --fast ]]; then
  check "launcher: copyOfTheProject" copyOfTheProject
  for test in twoAtOnceBuildOnce rebuildsOnlyWhenSourcesChanged clientHasNoExperimentsOnItsClassPath helpIsQuickAndQuiet \
    completionCompletes everyCommandHasAManualPage; do
    check "launcher: $test" $test
  done
fi
