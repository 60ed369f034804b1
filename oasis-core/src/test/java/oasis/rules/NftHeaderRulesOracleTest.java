// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the nftables text on flows with a small interpreter and compares with first match. */
final class NftHeaderRulesOracleTest {
  @Test
  void theKernelsDecisionIsThatOfFirstMatch() {
    Gen.cases(
        2_000,
        gen -> {
          List<Rule> rules = HeaderRules.random(gen, gen.range(1, 12));
          RuleSet set =
              RuleSet.compile(
                  rules, RuleSet.compile(HeaderRules.random(gen, 3)), NeverFaked.NOTHING);
          NftHeaderRules nft = NftHeaderRules.compile(set, "goto capture", true);
          ProgramFacts program = HeaderRules.program(gen);
          Interpreter interpreter = new Interpreter(nft, HeaderRules.notes(set, program));
          for (int i = 0; i < 40; i++) {
            FlowKey key = HeaderRules.key(gen);
            if (key.protocol() == 47) {
              continue; // kept away from the chain by its owner
            }
            int first = HeaderMatcherOracleTest.expected(rules, key, 0);
            while (first >= 0
                && program.holds(rules.get(first).subset()) == ProgramFacts.Answer.NO) {
              first = HeaderMatcherOracleTest.expected(rules, key, first + 1);
            }
            assertThat(interpreter.captures(key))
                .as("%s by %s: %s", HeaderRules.text(key), rules, nft)
                .isEqualTo(first >= 0 && !rules.get(first).isPlainUnderlay());
          }
        });
  }

  @Test
  void elementsOfASetNeverOverlap() {
    Gen.cases(
        500,
        gen -> {
          List<Rule> rules = HeaderRules.random(gen, 20);
          NftHeaderRules nft = NftHeaderRules.compile(RuleSet.compile(rules), "accept", true);
          for (List<List<Ranges>> set : new Interpreter(nft, 0).sets.values()) {
            for (int i = 0; i < set.size(); i++) {
              for (int j = 0; j < i; j++) {
                assertThat(overlap(set.get(i), set.get(j))).as("%s", nft).isFalse();
              }
            }
          }
        });
  }

  @Test
  void thousandRulesOfOneShapeAreOneStatement() throws RuleException {
    List<Rule> rules = new ArrayList<>();
    rules.add(Rule.parse("dst 10.0.0.0/16 underlay"));
    for (int i = 0; i < 1_000; i++) {
      rules.add(Rule.parse("tcp dport " + (1 + i % 7) + " dst 10." + i / 4 + ".0.0/16 web"));
    }
    NftHeaderRules nft = NftHeaderRules.compile(RuleSet.compile(rules), "goto capture", false);
    assertThat(nft.statements())
        .isEqualTo(
            """
            meta nfproto ipv4 ip daddr @headers0 return
            meta nfproto ipv4 meta l4proto . th dport . ip daddr @headers1 goto capture
            """);
  }

  @ParameterizedTest
  @CsvSource({
    "::/80, ::-::ffff:ffff:ffff",
    "::fffe:0:0/95, ::fffe:0:0-::ffff:ffff:ffff",
  })
  void anIpv6SetNamesNoIpv4Address(String block, String element) throws RuleException {
    Rule rule = Rule.parse("dst " + block + " ron");
    NftHeaderRules nft = NftHeaderRules.compile(RuleSet.compile(List.of(rule)), "accept", true);
    assertThat(nft.sets()).contains("type ipv6_addr").contains(" " + element + ",");
  }

  @Test
  void rulesWithoutEffectLeaveNothing() throws RuleException {
    List<Rule> rules =
        List.of(
            Rule.parse("name:*.edu ron"),
            Rule.parse("dst 2001:db8::/32 ron"),
            Rule.parse("tcp underlay"));
    assertThat(NftHeaderRules.compile(RuleSet.compile(rules), "accept", false))
        .isEqualTo(new NftHeaderRules("", ""));
  }

  @Test
  void longListsInSeveralFieldsBecomeAStatementOfTheirOwn() throws RuleException {
    StringBuilder ports = new StringBuilder("1");
    StringBuilder blocks = new StringBuilder("10.0.0.0/24");
    for (int i = 1; i < 40; i++) {
      ports.append(',').append(1 + 2 * i);
      blocks.append(",10.0.").append(2 * i).append(".0/24");
    }
    Rule rule = Rule.parse("tcp dport " + ports + " dst " + blocks + " web");
    NftHeaderRules nft = NftHeaderRules.compile(RuleSet.compile(List.of(rule)), "accept", true);
    assertThat(nft.sets()).isEmpty();
    assertThat(nft.statements()).startsWith("meta nfproto ipv4 meta l4proto { 6 } th dport { 1, 3");
  }

  private static boolean overlap(List<Ranges> a, List<Ranges> b) {
    for (int i = 0; i < a.size(); i++) {
      if (!a.get(i).overlaps(b.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** Understands just the text that is written here. */
  private static final class Interpreter {
    final Map<String, List<List<Ranges>>> sets = new HashMap<>();
    private final List<String> statements;

    private final long notes;

    Interpreter(NftHeaderRules nft, long notes) {
      this.notes = notes;
      String name = "";
      for (String line : nft.sets().lines().map(String::strip).toList()) {
        if (line.startsWith("set ")) {
          name = line.split(" ", 3)[1];
          sets.put(name, new ArrayList<>());
        } else if (line.endsWith(",")) {
          List<Ranges> element = new ArrayList<>();
          for (String part : line.substring(0, line.length() - 1).split(" \\. ", -1)) {
            element.add(range(part));
          }
          sets.getOrDefault(name, List.of()).add(element);
        }
      }
      statements = nft.statements().lines().toList();
    }

    boolean captures(FlowKey key) {
      for (String statement : statements) {
        if (matches(statement, key)) {
          return !statement.endsWith(" return");
        }
      }
      return false;
    }

    private boolean matches(String statement, FlowKey key) {
      String rest = statement.substring("meta nfproto ipv4 ".length());
      if (statement.startsWith("meta nfproto ipv6") != HeaderRules.isIpv6(key)) {
        return false;
      }
      while (rest.startsWith("ct label and ")) {
        String[] words = rest.split(" ", 7);
        boolean noted = (notes >>> Integer.parseInt(words[3]) - NftPrograms.FIRST_LABEL & 1) == 1;
        assertThat(words[5]).isEqualTo(words[3]);
        if (noted != words[4].equals("==")) {
          return false;
        }
        rest = words[6];
      }
      if (rest.contains("{")) {
        return matchesAnonymous(rest, key);
      }
      int at = rest.indexOf('@');
      if (at < 0) {
        return true;
      }
      String[] fields = rest.substring(0, at - 1).split(" \\. ", -1);
      String set = rest.substring(at + 1).split(" ", 2)[0];
      return sets.getOrDefault(set, List.of()).stream()
          .anyMatch(
              element -> {
                for (int i = 0; i < fields.length; i++) {
                  if (!holds(fields[i], element.get(i), key)) {
                    return false;
                  }
                }
                return true;
              });
    }

    private static boolean matchesAnonymous(String rest, FlowKey key) {
      String left = rest;
      while (left.contains("{")) {
        String field = left.substring(0, left.indexOf('{') - 1);
        List<Ranges> ranges = new ArrayList<>();
        for (String part :
            left.substring(left.indexOf('{') + 2, left.indexOf('}') - 1).split(", ", -1)) {
          ranges.add(range(part));
        }
        if (!holds(field, Ranges.union(ranges), key)) {
          return false;
        }
        left = left.substring(left.indexOf('}') + 2);
      }
      return true;
    }

    private static boolean holds(String field, Ranges set, FlowKey key) {
      return switch (field) {
        case "meta l4proto" -> set.contains(0, key.protocol());
        case "th sport" -> set.contains(0, key.sport());
        case "th dport" -> set.contains(0, key.dport());
        case "ip saddr", "ip6 saddr" -> set.contains(key.srcHi, key.srcLo);
        case "ip daddr", "ip6 daddr" -> set.contains(key.dstHi, key.dstLo);
        default -> throw new AssertionError(field);
      };
    }

    private static Ranges range(String text) {
      int dash = text.indexOf('-');
      long[] first = number(dash < 0 ? text : text.substring(0, dash));
      long[] last = dash < 0 ? first : number(text.substring(dash + 1));
      return Ranges.between(first[0], first[1], last[0], last[1]);
    }

    private static long[] number(String text) {
      if (text.indexOf('.') < 0 && text.indexOf(':') < 0) {
        return new long[] {0, Long.parseLong(text)};
      }
      Address address = Address.parse(text);
      return new long[] {address.hi(), address.lo()};
    }
  }
}
