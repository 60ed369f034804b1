#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which commands each word of the launcher needs, and how to get them on Debian. Sourced.

# "command package" pairs.
package_of() {
  case $1 in
    java | javac) echo openjdk-17-jdk-headless ;;
    mvn) echo maven ;;
    ip | tc) echo iproute2 ;;
    nft) echo nftables ;;
    ping) echo iputils-ping ;;
    dnsmasq) echo dnsmasq-base ;;
    dig) echo bind9-dnsutils ;;
    sysctl) echo procps ;;
    ssh) echo openssh-client ;;
    sshd) echo openssh-server ;;
    unshare | flock | setpriv) echo util-linux ;;
    wg) echo wireguard-tools ;;
    nebula-cert) echo nebula ;;
    tincd) echo tinc ;;
    vtund) echo vtun ;;
    turnserver) echo coturn ;;
    promtool) echo prometheus ;;
    mtr) echo mtr-tiny ;;
    scp) echo openssh-client ;;
    tinyproxy) echo tinyproxy-bin ;;
    *) echo "$1" ;; # nginx, curl, ethtool, iperf3, tcpdump, nsd, dnsperf
  esac
}

# The commands that a word needs beside those of the build.
commands_of() {
  case $1 in
    client | cleanup) echo ip nft ;;
    exit) echo ip nft ethtool sysctl ;;
    emulate) echo ip nft tc ethtool sysctl ping nginx curl dnsmasq setpriv ;;
    demo) echo ip nft tc ethtool sysctl ping nginx curl dig dnsmasq ;;
    experiment)
      echo ip nft tc ethtool sysctl ping nginx curl dig dnsmasq iperf3 nsd dnsperf tcpdump ssh sshd
      echo rsync setpriv wget tinyproxy openssl
      ;;
    test)
      echo ip nft tc ethtool sysctl ping nginx curl dig dnsmasq iperf3 nsd dnsperf ssh scp sshd
      echo wget socat tcpdump unshare setpriv traceroute mtr openssl turnserver rsync python3 conntrack
      ;;
  esac
}

# The commands whose tests are skipped by name where they cannot be had.
wanted_by() {
  case $1 in
    test) echo chromium promtool ;;
  esac
}

is_root() { [[ $EUID = 0 ]]; }

# Makes sure that the given commands exist: installs them as root, else says how and fails.
need_commands() {
  local command packages=()
  for command in "$@"; do
    type -P "$command" >/dev/null || packages+=("$(package_of "$command")")
  done
  ((${#packages[@]})) || return 0
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)

  if ! is_root; then
    echo "oasis: missing commands; run: sudo apt-get install -y ${packages[*]}" >&2
    return 1
  fi
  if ! type -P apt-get >/dev/null; then
    echo "oasis: missing commands and no apt-get; install: ${packages[*]}" >&2
    return 1
  fi
  echo "oasis: installing Debian packages: ${packages[*]}" >&2
  (install_packages "${packages[@]}") >&2 && hash -r || {
    echo "oasis: could not install: ${packages[*]}" >&2
    return 1
  }
}

# Tries to install the given commands, as root; those that cannot be had are named, not missed.
want_commands() {
  local command
  is_root || return 0
  for command in "$@"; do
    need_commands "$command" || echo "oasis: going on without $command" >&2
  done
}

# Debian asks this script before it starts a service.
policy=/usr/sbin/policy-rc.d

# Runs in a subshell of its own, so that the trap restores the machine's policy however it ends.
install_packages() {
  saved=$policy.before-oasis
  exec 8<"$(dirname "$policy")"
  flock 8
  trap 'restore_policy "$policy" "$saved"' EXIT
  trap 'exit 130' INT TERM HUP
  restore_policy "$policy" "$saved" # of a run that was killed
  if [[ -e $policy ]]; then mv "$policy" "$saved"; fi
  printf '#!/bin/sh\n# Made by oasis: no service starts while it installs packages.\nexit 101\n' >"$policy"
  chmod 755 "$policy"

  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update && apt-get -qy -o DPkg::Lock::Timeout=120 --no-install-recommends install "$@" || return
  # Nor shall they start when the machine does.
  if [[ -d /run/systemd/system ]]; then
    case " $* " in *" nginx "*) systemctl disable nginx ;; esac
    case " $* " in *" openssh-server "*) systemctl disable ssh ;; esac
    case " $* " in *" nsd "*) systemctl disable nsd ;; esac
    case " $* " in *" rsync "*) systemctl disable rsync ;; esac
    case " $* " in *" prometheus "*) systemctl disable prometheus ;; esac
  fi
}

restore_policy() {
  if grep -qs 'Made by oasis' "$1"; then rm -f "$1"; fi
  if [[ -e $2 ]]; then mv "$2" "$1"; fi
}
