// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;

/** The doctor's look at tools, rights and kernel. */
final class SystemChecks {
  private static final int CAP_NET_ADMIN = 12;
  private static final int CAP_NET_RAW = 13;

  /** The first kernel whose nftables has tables with an owner. */
  private static final int[] OWNED_TABLES = {5, 12};

  /** The first kernel whose TUN device takes bursts of UDP. */
  private static final int[] UDP_BURSTS = {6, 2};

  private static final Pattern RELEASE = Pattern.compile("([0-9]{1,4})\\.([0-9]{1,4}).*");

  private final HostView host;
  private final ClientNetworkConfig config;
  private final boolean running;
  private final List<Finding> findings = new ArrayList<>();

  SystemChecks(HostView host, ClientNetworkConfig config, boolean running) {
    this.host = host;
    this.config = config;
    this.running = running;
  }

  List<Finding> all() {
    boolean tools = tools();
    boolean rights = rights();
    kernel();
    if (!host.exists("dev/net/tun")) {
      findings.add(
          Finding.error(
              "no-tun",
              "There is no /dev/net/tun, so no TUN device can be made.",
              "modprobe tun; in a container, pass the device in (--device /dev/net/tun)"));
    }
    if (tools && rights && !running && !host.hasOurTable()) {
      ruleset();
    }
    return findings;
  }

  private boolean tools() {
    boolean all = true;
    for (String[] tool :
        new String[][] {
          {"nft", "nftables", "--version"}, {"ip", "iproute2", "-V"}, {"sysctl", "procps", "-V"}
        }) {
      if (host.run("", tool[0], tool[2]).isEmpty()) {
        all = false;
        findings.add(
            Finding.error(
                "no-" + tool[0],
                "The command " + tool[0] + " is missing, which the client needs.",
                "apt-get install " + tool[1]));
      }
    }
    return all;
  }

  private boolean rights() {
    long effective =
        host.lines("proc/self/status").stream()
            .filter(line -> line.startsWith("CapEff:"))
            .map(line -> Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16))
            .findFirst()
            .orElse(0L);
    List<String> missing = new ArrayList<>();
    if ((effective >> CAP_NET_ADMIN & 1) == 0) {
      missing.add("CAP_NET_ADMIN");
    }
    if ((effective >> CAP_NET_RAW & 1) == 0) {
      missing.add("CAP_NET_RAW");
    }
    if (!missing.isEmpty()) {
      findings.add(
          Finding.error(
              "no-capability",
              "This user lacks " + String.join(" and ", missing) + ".",
              "run the client as root (sudo), or by a service with AmbientCapabilities="
                  + "CAP_NET_ADMIN CAP_NET_RAW"));
    }
    return missing.isEmpty();
  }

  private void kernel() {
    String release = host.sysctl("kernel/osrelease").orElse("");
    if (olderThan(release, OWNED_TABLES)) {
      findings.add(
          Finding.error(
              "old-kernel",
              "The kernel "
                  + release
                  + " has no nftables tables that vanish with their owner (Linux 5.12).",
              "install a newer kernel"));
    } else if (olderThan(release, UDP_BURSTS)) {
      findings.add(
          Finding.note(
              "no-udp-bursts",
              "The kernel "
                  + release
                  + " hands over UDP packet by packet (bursts need Linux 6.2): QUIC costs more"
                  + " processor time.",
              "a newer kernel is faster"));
    }
  }

  private static boolean olderThan(String release, int[] version) {
    Matcher matcher = RELEASE.matcher(release);
    if (!matcher.matches()) {
      return false;
    }
    int major = Integer.parseInt(matcher.group(1));
    int minor = Integer.parseInt(matcher.group(2));
    return major < version[0] || (major == version[0] && minor < version[1]);
  }

  /** Asks the kernel whether it would take the client's table, without loading it. */
  private void ruleset() {
    Optional<String> why = refusal("tcp dport 1 dst 192.0.2.0/24 doctor");
    if (why.isPresent()) {
      findings.add(
          Finding.error(
              "no-nftables-feature",
              "The kernel refuses the client's nftables table: " + why.get(),
              "load nf_tables, nft_fib_inet, nft_ct and nft_chain_route (modprobe), or install a"
                  + " kernel that has them"));
      return;
    }
    refusal("uid 1 tcp dport 1 dst 192.0.2.0/24 doctor")
        .ifPresent(
            reason ->
                findings.add(
                    Finding.warning(
                        "no-connection-labels",
                        "The kernel takes no rules about users and control groups: " + reason,
                        "install a kernel with connection labels (CONFIG_NF_CONNTRACK_LABELS) and"
                            + " nft_socket; other rules work without")));
  }

  /** Why the kernel refuses the table for a rule; empty when it does not. */
  private Optional<String> refusal(String rule) {
    String text =
        ClientRuleset.text(config.withRules(rules(rule)), ControlGroups.of(RuleSet.EMPTY));
    return host.run(text, "nft", "-c", "-f", "-")
        .filter(answer -> !answer.ok())
        .map(
            answer ->
                answer
                    .err()
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .findFirst()
                    .orElse("no reason"));
  }

  private static RuleSet rules(String rule) {
    try {
      return RuleSet.compile(List.of(Rule.parse(rule)));
    } catch (RuleException e) {
      throw new IllegalStateException(e);
    }
  }
}
