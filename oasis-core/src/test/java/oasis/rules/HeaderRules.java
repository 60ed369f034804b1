// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.packet.Prefix;
import oasis.testkit.Gen;

/** Random header rules and flows from a small world, so that they meet often. */
final class HeaderRules {
  private static final List<String> BLOCKS =
      List.of(
          "0.0.0.0/0",
          "10.0.0.0/8",
          "10.1.0.0/16",
          "10.1.2.0/24",
          "10.1.2.3/32",
          "192.0.2.0/30",
          "255.255.255.255/32",
          "::/0",
          "2001:db8::/32",
          "2001:db8::1/128",
          "8000::/1",
          "ffff::/16");
  private static final int[] PORTS = {0, 1, 22, 53, 80, 81, 82, 443, 65_534, 65_535};

  private static final List<String> USERS = List.of("0", "1000", "1001-1003", "4294967294");
  private static final List<String> GROUPS = List.of("a", "a/b", "a/b/c", "ab");

  private HeaderRules() {}

  /** A program of the same small world. */
  static ProgramFacts program(Gen gen) {
    return new ProgramFacts(
        gen.pick(List.of(0L, 1L, 1_000L, 1_002L, 4_294_967_294L)),
        gen.pick(List.of("a", "a/b", "a/b/d", "ab", "c")));
  }

  /** What the kernel would note at a connection of a program. */
  static long notes(RuleSet rules, ProgramFacts program) {
    long notes = 1L << Programs.LOOKED;
    for (Term.Program term : rules.programs().terms()) {
      if (program.holds(new Subset(List.of(term))) == ProgramFacts.Answer.YES) {
        notes |= 1L << rules.programs().number(term);
      }
    }
    return notes;
  }

  static List<Rule> random(Gen gen, int count) throws RuleException {
    List<Rule> rules = new ArrayList<>();
    while (rules.size() < count) {
      if (gen.chance(0.1)) {
        rules.add(Rule.parse("name:*.edu web"));
        continue;
      }
      StringBuilder text = new StringBuilder();
      for (int i = gen.range(1, 4); i > 0; i--) {
        String term = term(gen);
        text.append(gen.chance(0.2) && !term.equals("any") ? "not " : "").append(term).append(' ');
      }
      String overlay = gen.chance(0.4) ? "underlay" : gen.pick(List.of("ron", "web"));
      try {
        rules.add(Rule.parse(text + overlay));
      } catch (RuleException e) {
        if (!e.toString().contains("no packet can match")) {
          throw e;
        }
      }
    }
    return rules;
  }

  private static String term(Gen gen) {
    return switch (gen.below(12)) {
      case 0 -> "tcp";
      case 1 -> "udp";
      case 2 -> "icmp";
      case 3 -> "any";
      case 4, 5 -> "dport " + list(gen, HeaderRules::ports);
      case 6 -> "sport " + list(gen, HeaderRules::ports);
      case 7, 8 -> "dst " + list(gen, g -> g.pick(BLOCKS));
      case 9 -> "uid " + list(gen, g -> g.pick(USERS));
      case 10 -> "cgroup " + gen.pick(GROUPS);
      default -> "src " + list(gen, g -> g.pick(BLOCKS));
    };
  }

  private interface Item {
    String of(Gen gen);
  }

  private static String list(Gen gen, Item item) {
    StringBuilder list = new StringBuilder(item.of(gen));
    while (gen.chance(0.4)) {
      list.append(',').append(item.of(gen));
    }
    return list.toString();
  }

  private static String ports(Gen gen) {
    int a = gen.pick(PORTS);
    int b = gen.chance(0.5) ? a : gen.pick(PORTS);
    return a == b ? "" + a : Math.min(a, b) + "-" + Math.max(a, b);
  }

  static FlowKey key(Gen gen) {
    boolean ipv6 = gen.chance(0.4);
    int protocol = gen.pick(6, 6, 17, 17, ipv6 ? 58 : 1, 47);
    long[] src = address(gen, ipv6);
    long[] dst = address(gen, ipv6);
    boolean echo = protocol == 1 || protocol == 58;
    int sport = gen.pick(PORTS);
    int dport = echo ? sport : gen.pick(PORTS);
    return new FlowKey().set(src[0], src[1], dst[0], dst[1], protocol, sport, dport);
  }

  private static long[] address(Gen gen, boolean ipv6) {
    for (; ; ) {
      Prefix block = Prefix.parse(gen.pick(BLOCKS));
      if (block.isV4() != ipv6) {
        boolean last = gen.flip();
        long hi = last ? block.lastHi() : block.hi();
        long lo = last ? block.lastLo() : block.lo();
        // Next to an edge as often as on it.
        lo += gen.pick(-1, 0, 0, 1);
        if (Addresses.isV4(hi, lo) != ipv6) {
          return new long[] {hi, lo};
        }
      }
    }
  }

  static boolean isIpv6(FlowKey key) {
    return !Addresses.isV4(key.dstHi, key.dstLo);
  }

  static String text(FlowKey key) {
    return key.protocol()
        + " "
        + Addresses.text(key.srcHi, key.srcLo)
        + " "
        + key.sport()
        + " -> "
        + Addresses.text(key.dstHi, key.dstLo)
        + " "
        + key.dport();
  }
}
