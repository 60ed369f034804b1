#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ./oasis test: runs every test that this machine can run and says which it could not.
# The last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.." || exit
home=$PWD
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
. scripts/packages.sh

fast=
case ${1:-} in
  '') ;;
  --fast) fast=yes ;;
  -h | --help)
    cat <<'EOF'
Usage: ./oasis test [--fast]

Runs all tests and ends with the line "N passed, N failed, N skipped". As root it
also runs the tests in network namespaces and the commands of the documents.
  --fast   only the unit tests, compiled without Error Prone's checks: no root,
           no namespaces, under two minutes
EOF
    exit
    ;;
  *) echo "oasis: test knows only --fast, not $1" >&2 && exit 2 ;;
esac
if [[ -n ${OASIS_TEST_ID:-} ]]; then
  echo "oasis: a test runs the tests; mark that document's block as \"sh slow\"" >&2
  exit 1
fi

# Namespaces that the tests make are named in a mount namespace of our own: runs side by side do not
# meet, and what a killed run leaves goes away with it. Not everywhere allowed (containers).
if [[ -z $fast && $EUID = 0 && -z ${OASIS_TEST_PRIVATE:-} ]] && unshare --mount true 2>/dev/null; then
  export OASIS_TEST_PRIVATE=yes
  exec unshare --mount bash -c 'mkdir -p /run/netns && mount -t tmpfs oasis-test /run/netns; exec "$0"' "$home/scripts/test.sh"
fi

passed=0 failed=0 skipped=0
id=$$-$RANDOM
logs=$home/target/test-logs

pass() { passed=$((passed + 1)) && echo "  passed $1"; }
miss() { failed=$((failed + 1)) && echo "  FAILED $1"; }
skip() { skipped=$((skipped + 1)) && echo "  skipped $1"; }
title() { printf '\n== %s\n' "$1"; }
# The mark tells our processes from others when we look for some that were left.
marked() { env OASIS_TEST_ID="$id" "$@"; }

# Adds lines "passed|FAILED|skipped NAME" of a script to the sums.
add_lines() {
  local line
  while IFS= read -r line; do
    case $line in
      passed\ *) pass "${line#passed }" ;;
      FAILED\ *) miss "${line#FAILED }" ;;
      skipped\ *) skip "${line#skipped }" ;;
      *) echo "$line" ;;
    esac
  done
}

# Reads what Maven says and prints a line per module for its unit tests, one per class of integration
# tests, and whatever is not well.
digest() {
  local line class='' tests=0 seconds=0 module='' units=0
  local ran='^\[INFO\] Tests run: ([0-9]+),.* elapsed: ([0-9.]+) s -- in (.+)$'
  show_class() {
    if [[ -n $class ]]; then printf '  %s: %s tests, %.0f s\n' "$class" "$tests" "$seconds"; fi
    class='' tests=0
  }
  show_units() {
    if ((units)); then echo "  $module: $units unit tests"; fi
    units=0
  }
  while IFS= read -r line; do
    if [[ $line =~ $ran ]]; then
      if [[ ${BASH_REMATCH[3]} != *IT ]]; then
        units=$((units + BASH_REMATCH[1]))
        continue
      fi
      show_units
      [[ $class = "${BASH_REMATCH[3]}" ]] || show_class
      # Of a class with parameters each set has a line, the last line is the whole.
      class=${BASH_REMATCH[3]} tests=$((tests + BASH_REMATCH[1])) seconds=${BASH_REMATCH[2]}
    elif [[ $line =~ ^\[INFO\]\ Building\ ([^ ]+) ]]; then
      show_class && show_units
      module=${BASH_REMATCH[1]}
    else
      echo "$line"
    fi
  done
  show_class && show_units
}

# maven NAME REPORTS ARGUMENT...: runs Maven, adds the reports in REPORTS-* of each module to the sums.
maven() {
  local name=$1 reports=$2 log sums status built=target
  shift 2
  if [[ " $* " = *" quick "* ]]; then built=target/quick; fi
  log=$logs/$name.log
  rm -rf "$home"/*/$built/{surefire,failsafe}-reports"$reports"
  marked mvn -B -fae -Dmaven.test.failure.ignore=true "-Doasis.reports.suffix=$reports" "$@" </dev/null 2>&1 |
    tee "$log" | grep --line-buffered -E '^\[INFO\] Building .*\[|^\[[A-Z]+\] Tests run:.* -- in |^\[ERROR\] (/|Failed|.*(ERROR|Werror|Rule|format))|WARNING.*\.java' | digest
  status=${PIPESTATUS[0]}
  sums=$(scripts/reports.sh "$home"/*/$built/{surefire,failsafe}-reports"$reports")
  sed '$d' <<<"$sums"
  read -r p f s < <(tail -n 1 <<<"$sums")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  echo "  $name: $p passed, $f failed, $s skipped"
  if [[ $status != 0 ]]; then miss "build for $name, see $log"; fi
}

second_jdk() {
  local release
  for release in /usr/lib/jvm/*/release; do
    if [[ $(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release") -ge 25 &&
      -x ${release%/release}/bin/java ]]; then
      echo "${release%/release}"
      return
    fi
  done 2>/dev/null
}

leftovers() { scripts/leftovers.sh "$id" | sort; }

check_leftovers() {
  local try new
  for try in 1 2 3 4 5; do # the kernel removes namespaces a little later
    new=$(comm -13 "$logs/before" <(leftovers))
    [[ -n $new ]] || break
    sleep 1
  done
  if [[ -z $new ]]; then
    pass "nothing is left in the operating system"
  else
    miss "left in the operating system:"
    sed 's/^/    /' <<<"$new"
  fi
}

mkdir -p "$logs"
if [[ -n $fast || $EUID != 0 ]]; then
  need_commands javac mvn || exit
else
  # shellcheck disable=SC2046 # a list of words
  need_commands javac mvn $(commands_of test) || exit
  # shellcheck disable=SC2046
  want_commands $(wanted_by test)
  leftovers >"$logs/before"
fi

# Prints a line per test.
scripts_tests() {
  marked scripts/launcher-test.sh ${fast:+--fast} 2>&1
  marked scripts/deploy-test.sh 2>&1
}

if [[ -n $fast ]]; then
  scripts_tests >"$logs/scripts.log" & # they mostly wait
  title "Unit tests"
  maven unit '' -P quick test
  title "Launcher and deployment"
  wait
  add_lines <"$logs/scripts.log"
else
  title "Launcher and deployment"
  add_lines < <(scripts_tests)
fi

if [[ -z $fast && $EUID != 0 ]]; then
  title "Unit tests and format"
  maven unit '' verify
  while read -r class; do skip "$class: needs root"; done < <(find . -path "*/src/test/*" -name "*IT.java")
elif [[ -z $fast ]]; then
  title "Unit tests, integration tests and format"
  maven integration '' -P integration verify
fi

if [[ -z $fast ]]; then
  jdk=$(second_jdk)
  if [[ -n $jdk ]]; then
    title "Unit tests on $jdk"
    maven second-jdk -second-jdk "-Djvm=$jdk/bin/java" test
  else
    skip "unit tests on a second JDK: no JDK 25 or later in /usr/lib/jvm"
  fi

  title "Commands of the documents"
  mapfile -t documents < <(find README.md docs -maxdepth 1 -name "*.md" | sort)
  if [[ $EUID = 0 ]]; then
    add_lines < <(marked scripts/doc-commands.sh run "${documents[@]}")
    title "Leftovers"
    check_leftovers
  else
    while read -r place; do skip "$place: needs root"; done < <(scripts/doc-commands.sh list "${documents[@]}")
    skip "leftovers in the operating system: needs root"
  fi
  if [[ $EUID = 0 ]]; then chown -R --reference=pom.xml target ./*/target; fi
fi

printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[[ $failed = 0 && $passed -gt 0 ]]
