// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import oasis.exit.engine.ClassMatch.Who;
import oasis.packet.Prefix;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueueClassTest {
  @Test
  void aTextSaysWhatAClassMayTakeAndWhatBelongsToIt() {
    QueueClass parsed =
        QueueClass.parse(
            "voice priority 0 weight 3 cap-out 2Mbit/s cap-in 1.5Gbit/s client-cap-out 64kbit/s"
                + " client-cap-in 1000bit/s for own dscp ef, node from 192.0.2.0/24, key 7");
    assertThat(parsed)
        .isEqualTo(
            new QueueClass(
                "voice",
                0,
                3,
                2_000_000,
                1_500_000_000,
                64_000,
                1000,
                List.of(
                    new ClassMatch(Who.OWN, null, ClassMatch.ANY, 46),
                    new ClassMatch(
                        Who.NODE, Prefix.parse("192.0.2.0/24"), ClassMatch.ANY, ClassMatch.ANY),
                    new ClassMatch(Who.ANY, null, 7, ClassMatch.ANY))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "all",
        "own priority 2 for own",
        "bulk weight 9 cap-out 10Mbit/s client-cap-in 12.345kbit/s for dscp le, dscp 7",
        "far cap-in 1.25Gbit/s for node from 2001:db8::/32, key 4000000",
      })
  void itsTextIsReadBackAsItIs(String text) {
    assertThat(QueueClass.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|column 1: the name of the class is missing",
        "a b|column 3: 'b' is not priority, weight",
        "a/b|column 1: a class's name is 1 to 32 letters",
        "a priority 8|column 12: a priority is 0 to 7, not '8'",
        "a weight 0|column 10: a weight is 1 to 1000",
        "a cap-out|column 10: a rate is missing",
        "a cap-out 20|column 11: '20' is not a rate such as 20Mbit/s",
        "a cap-out 1bit/s|column 11: '1bit/s' is not 1kbit/s to 1000Gbit/s",
        "a weight 2 weight 3|column 12: 'weight' stands there twice",
        "a for|column 6: what the class is for",
        "a for own,|column 11: what the class is for",
        "a for own node|column 11: 'node': this match has said that already",
        "a for any own|column 7: a match is any, or some of",
        "a for from 10.0.0.1/8|column 12: 10.0.0.1/8 has bits set behind its length",
        "a for key 0|column 11: a key id is 1 to",
        "a for dscp 64|column 12: '64' is not a code point",
        "a for nobody|column 7: 'nobody' is not any, own",
      })
  void whatIsWrongIsSaidWithItsColumn(String text, String message) {
    assertThatThrownBy(() -> QueueClass.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void whateverIsReadIsWrittenAndReadAgain() {
    List<String> words =
        List.of(
            "a",
            "priority",
            "weight",
            "cap-out",
            "cap-in",
            "client-cap-out",
            "for",
            "own",
            "node",
            "from",
            "key",
            "dscp",
            "any",
            ",",
            "3",
            "7",
            "ef",
            "10.0.0.0/8",
            "::/0",
            "5Mbit/s",
            "1.5kbit/s",
            "\n",
            "\u0000",
            "99999999999");
    int[] good = {0};
    Gen.cases(
        20_000,
        gen -> {
          StringBuilder text = new StringBuilder("name");
          for (int i = gen.below(8); i > 0; i--) {
            text.append(' ').append(gen.pick(words));
          }
          QueueClass parsed;
          try {
            parsed = QueueClass.parse(text.toString());
          } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).startsWith("column ").doesNotContainPattern("\\p{Cntrl}");
            return;
          }
          good[0]++;
          assertThat(QueueClass.parse(parsed.toString())).isEqualTo(parsed);
        });
    assertThat(good[0]).isGreaterThan(500);
  }

  @Test
  void withoutClassesOwnClientsGoAboveOtherNodes() {
    QueueConfig config = new QueueConfig(1_000_000, 0, List.of());
    assertThat(config.classes()).extracting(QueueClass::name).containsExactly("own", "nodes");
    assertThat(config.classes().get(0).priority()).isLessThan(config.classes().get(1).priority());
  }

  @Test
  void whatBelongsToNoClassGoesLast() {
    QueueConfig config = new QueueConfig(0, 0, List.of(QueueClass.parse("gold for key 1")));
    assertThat(config.classes()).extracting(QueueClass::name).containsExactly("gold", "other");
    assertThat(new QueueConfig(0, 0, config.classes())).isEqualTo(config);
  }

  @Test
  void twoClassesOfOneNameAreRefused() {
    List<QueueClass> twice = List.of(QueueClass.parse("a"), QueueClass.parse("a for own"));
    assertThatThrownBy(() -> new QueueConfig(0, 0, twice)).hasMessage("two classes are named a");
  }
}
