// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Objects;
import oasis.io.config.ConfigException;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.rules.ProgramFacts;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuestionTest {
  @Test
  void aNameIsLowerCaseAndLosesItsLastDot() throws Exception {
    assertThat(Question.parse("WWW.Mit.EDU.").name()).isEqualTo("www.mit.edu");
    assertThat(Question.parse("tcp").name()).isEqualTo("tcp");
  }

  @ParameterizedTest
  @CsvSource({
    "tcp 192.0.2.1:80,                   6, 0.0.0.0, 0, 192.0.2.1, 80",
    "tcp 10.0.0.5:40000 192.0.2.1:80,    6, 10.0.0.5, 40000, 192.0.2.1, 80",
    "udp [2001:db8::1]:53,               17, ::, 0, 2001:db8::1, 53",
    "icmp 192.0.2.1,                     1, 0.0.0.0, 0, 192.0.2.1, 0",
    "icmp 2001:db8::2 2001:db8::1,       58, 2001:db8::2, 0, 2001:db8::1, 0",
    "icmp 10.0.0.5 192.0.2.1:77,         1, 10.0.0.5, 77, 192.0.2.1, 77"
  })
  void aTupleIsRead(String text, int protocol, String src, int sport, String dst, int dport)
      throws Exception {
    FlowKey key = Objects.requireNonNull(Question.parse(text).key());
    assertThat(key.protocol()).isEqualTo(protocol);
    assertThat(Addresses.text(key.srcHi, key.srcLo)).isEqualTo(src);
    assertThat(key.sport()).isEqualTo(sport);
    assertThat(Addresses.text(key.dstHi, key.dstLo)).isEqualTo(dst);
    assertThat(key.dport()).isEqualTo(dport);
  }

  @Test
  void whatIsSaidOfTheProgramIsRead() throws Exception {
    assertThat(Question.parse("www.mit.edu").program()).isEqualTo(ProgramFacts.NONE);
    Question name = Question.parse("www.mit.edu uid 1000");
    assertThat(name.name()).isEqualTo("www.mit.edu");
    assertThat(name.program()).isEqualTo(new ProgramFacts(1_000L, null));
    Question tuple = Question.parse("tcp 192.0.2.1:80 cgroup /a/b uid 7");
    assertThat(tuple.key()).isNotNull();
    assertThat(tuple.program()).isEqualTo(new ProgramFacts(7L, "a/b"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "192.0.2.1",
        "2001:db8::1",
        "tcp 192.0.2.1",
        "tcp 192.0.2.1:99999",
        "tcp www.mit.edu:80",
        "tcp 2001:db8::1:80 192.0.2.1:80",
        "tcp a b c",
        "sctp 192.0.2.1:80",
        "www.mit.edu uid alice",
        "www.mit.edu uid 4294967295",
        "www.mit.edu cgroup ../x",
        "www.mit.edu uid 1 uid 2",
        "www.mit.edu 80"
      })
  void anythingElseIsRefusedOnOneLine(String text) {
    assertThatThrownBy(() -> Question.parse(text))
        .isInstanceOf(ConfigException.class)
        .message()
        .hasLineCount(1);
  }

  @Test
  void noTextIsAnswered() {
    Gen.cases(
        3_000,
        gen -> {
          StringBuilder text = new StringBuilder();
          for (int i = gen.range(0, 12); i > 0; i--) {
            text.append(
                gen.pick(
                    List.of(
                        "tcp ", "[", "]", ":", "::", "1", ".", " ", "a", " uid 1", " cgroup a")));
          }
          try {
            Question question = Question.parse(text.toString());
            assertThat((question.name() == null) != (question.key() == null)).isTrue();
          } catch (ConfigException e) {
            assertThat(e.getMessage()).hasLineCount(1);
          }
        });
  }
}
