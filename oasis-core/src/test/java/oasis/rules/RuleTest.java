// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RuleTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "name:*.edu ron",
        "name:www.cnn.com web",
        "name:/^(www|img)\\.cnn\\.com$/ monitor loss <= 1%",
        "name:*.edu not name:www.mit.edu ron",
        "tcp dport 80 web",
        "tcp dport 6510 dst 128.95.0.0/16 bulk",
        "udp sport 5000-5010 dport 80-90,443 voip minimize latency else next",
        "dst 2001:db8::/32,192.0.2.0/24 six else block",
        "not src 10.0.0.0/8 not tcp any ron",
        "icmp ping latency <= 80ms and loss <= 0.5% and maximize throughput",
        "uid 1000 ron",
        "tcp uid 0,1000-1999 not cgroup system.slice/x@1.service web",
        "name:*.edu not uid 1000 web",
        "cgroup user.slice/user-1000.slice underlay",
        "any underlay",
        "any underlay minimize transfer-time else next",
        "tcp bulk latency <= 1.5us",
        "tcp bulk latency <= 3599999999.999us",
      })
  void textIsReadBackAsItself(String text) throws RuleException {
    Rule rule = Rule.parse(text);
    assertThat(rule).hasToString(text);
    assertThat(Rule.parse(rule.toString())).isEqualTo(rule);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name:*.EDU. ron              | name:*.edu ron",
        "tcp and dport 80 web         | tcp dport 80 web",
        "tcp and not dport 80-80 web  | tcp not dport 80 web",
        "tcp web loss<=1%             | tcp web loss <= 1%",
        "tcp web latency <= 0.08s     | tcp web latency <= 80ms",
        "tcp web else underlay        | tcp web",
        "  dst   192.0.2.1   web      | dst 192.0.2.1/32 web",
        "cgroup /user.slice/ web      | cgroup user.slice web",
        "tcp and uid 7-7 web          | tcp uid 7 web",
      })
  void otherSpellingsMeanTheSame(String text, String plain) throws RuleException {
    assertThat(Rule.parse(text)).hasToString(plain);
  }

  @Test
  void wordsOfACommandLineAreJoined() throws RuleException {
    assertThat(Rule.parse(List.of("name:*.edu", "ron", "loss <= 1%", "else", "next")))
        .isEqualTo(Rule.parse("name:*.edu ron loss <= 1% else next"));
  }

  @Test
  void anExpressionMayHoldBlanksAndSlashesOnlyAsAnErrorInItsPlace() {
    assertThatThrownBy(() -> Rule.parse("name:/a b/ web"))
        .hasMessage("column 8: character U+0020 never occurs in a name: use a-z 0-9 - . _");
    assertThatThrownBy(() -> Rule.parse("name:/a\\/b/ web"))
        .hasMessage("column 8: '/' never occurs in a name: use a-z 0-9 - . _");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                               | 1  | the rule is empty",
        "ron                              | 1  | 'ron' begins no subset",
        "tcp                              | 4  | the overlay is missing",
        "tcp dport web                    | 11 | 'web' is no port",
        "tcp dport 80x web                | 11 | '80x' is no port",
        "tcp dport 80,70000 web           | 14 | '70000' is no port",
        "tcp dport 90-80 web              | 11 | '90-80' goes down: write 80-90",
        "tcp dport 80, web                | 14 | nothing stands before or behind ','",
        "tcp dport                        | 10 | a value is missing",
        "dst 10.0.0.1/8 web               | 5  | the block is 10.0.0.0/8",
        "dst example.com web              | 5  | is not an IP address",
        "tcp udp web                      | 1  | no packet can match",
        "icmp dport 80 web                | 1  | no packet can match",
        "src 10.0.0.0/8 dst ::/0 web      | 1  | no packet can match",
        "name:*.edu tcp web               | 12 | either about names or about headers",
        "tcp or udp web                   | 5  | 'or' is not part of rules",
        "name:*.edu uid 1 tcp web         | 18 | either about names or about headers",
        "user alice web                   | 1  | write uid NUMBER or cgroup PATH",
        "tcp gid 100 web                  | 5  | write uid NUMBER or cgroup PATH",
        "tcp uid alice web                | 9  | 'alice' is no user id",
        "uid 4294967295 web               | 5  | is no user id",
        "uid 5,9-7 web                    | 7  | '9-7' goes down: write 7-9",
        "uid 1 uid 2 web                  | 1  | no packet can match",
        "uid 1 not uid 0-9 web            | 1  | no packet can match",
        "cgroup a not cgroup a web        | 1  | no packet can match",
        "cgroup a cgroup b web            | 1  | no packet can match",
        "cgroup a/b not cgroup a web      | 1  | no packet can match",
        "cgroup ../a web                  | 8  | is no control group",
        "cgroup / web                     | 8  | is no control group",
        "cgroup a\"b web                  | 8  | holds a character",
        "tcp and web                      | 9  | no term stands behind 'and'",
        "not not tcp web                  | 5  | 'not' needs one term",
        "not any web                      | 5  | 'not' needs one term",
        "tcp web tcp                      | 9  | 'tcp' begins no metric for overlay 'web'",
        "tcp dprt 80 web                  | 10 | for overlay 'dprt'",
        "tcp web minimize                 | 17 | nothing stands behind 'minimize'",
        "tcp web minimize throughput      | 18 | write minimize latency|loss|transfer-time",
        "tcp web loss <= 1                | 17 | '1' is no limit",
        "tcp web loss <= 101%             | 17 | out of range",
        "tcp web loss < 1%                | 14 | '<' stands where '<=' should",
        "tcp web throughput <= 1%         | 9  | cannot be limited",
        "tcp web else                     | 13 | nothing stands behind 'else'",
        "tcp web else drop                | 14 | write else underlay, else next or else block",
        "tcp web else next next           | 19 | is too much",
        "tcp underlay else block          | 14 | the underlay always serves",
        "tcp we/b                         | 5  | is no overlay name",
        "name:.edu web                    | 6  | write *.edu",
        "name:a..b web                    | 8  | between two dots",
        "name:a@b web                     | 7  | '@' never occurs in a name",
        "name:b\u00fccher.de web          | 7  | xn--",
        "name: web                        | 6  | a name has 1 to 253 characters",
        "name:/abc web                    | 6  | the expression has no end",
        "name:/abc/d web                  | 6  | a blank must follow",
        "name:// web                      | 6  | stands between slashes",
        "name:/(a/ web                    | 7  | '(' is not closed",
        "name:/a)/ web                    | 8  | closes no group",
        "name:/[/ web                     | 7  | begins no class",
        "name:/[]/ web                    | 7  | begins no class",
        "name:/a**/ web                   | 9  | lazy and possessive",
        "name:/a+?/ web                   | 9  | lazy and possessive",
        "name:/*a/ web                    | 7  | nothing to repeat",
        "name:/^*a/ web                   | 8  | an anchor cannot be repeated",
        "name:/a{2/ web                   | 8  | begins no repetition",
        "name:/a{3,2}/ web                | 8  | counts go up",
        "name:/(a)\\1/ web                | 10 | back-references",
        "name:/(?=a)/ web                 | 7  | look-around",
        "name:/(?i)a/ web                 | 7  | look-around, named groups and flags",
        "name:/a\\b/ web                  | 8  | is not known",
        "name:/[a-z&&b]/ web              | 11 | classes inside classes",
        "name:/[z-a]/ web                 | 8  | is not a range",
        "name:/[\\.--]/ web              | 8  | '\\.--' is not a range",
        "name:/[\\.-\\d]/ web            | 8  | is not a range",
        "name:/(a{255}){255}/ web         | 7  | more than 500 states",
      })
  void anErrorSaysWhatWhereAndWhatWouldBeRight(String text, int column, String what) {
    assertThatExceptionOfType(RuleException.class)
        .isThrownBy(() -> Rule.parse(text))
        .satisfies(
            e -> {
              assertThat(e.getMessage()).contains(what).startsWith("column ").doesNotContain("\n");
              assertThat(e.column()).isEqualTo(column);
            });
  }

  @Test
  void whatAnErrorQuotesBeginsNoLineOfItsOwn() {
    assertThatExceptionOfType(RuleException.class)
        .isThrownBy(() -> Rule.parse("tcp ron 'a\n\u0007b' else next"))
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1).doesNotContain("\u0007"));
  }

  @Test
  void onlyTheUnderlayWithoutAMetricGoesRoundOasis() throws RuleException {
    assertThat(Rule.parse("tcp underlay").isPlainUnderlay()).isTrue();
    assertThat(Rule.parse("tcp underlay minimize loss").isPlainUnderlay()).isFalse();
    assertThat(Rule.parse("tcp ron").isPlainUnderlay()).isFalse();
  }

  @Test
  void aRuleMadeByCodeIsCheckedToo() throws RuleException {
    Subset tcp = Rule.parse("tcp ron").subset();
    assertThatThrownBy(() -> new Rule(tcp, "a b", Metric.NONE, Otherwise.NEXT))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Term.Name(false, "/(/"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Subset(List.of())).isInstanceOf(IllegalArgumentException.class);
  }
}
