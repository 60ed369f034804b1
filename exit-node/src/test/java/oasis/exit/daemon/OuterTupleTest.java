// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Arrays;
import oasis.exit.engine.FlowInfo;
import oasis.exit.engine.FlowRecord;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What whois takes: a connection and a time. */
class OuterTupleTest {
  private static final Instant NOW = Instant.parse("2026-05-05T05:05:05Z");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp 198.51.100.1:61000 203.0.113.9:80",
        "udp 198.51.100.1:61000",
        "udp [2001:db8::1]:61000 [2001:db8::9]:53",
        "icmp 198.51.100.1:61000 203.0.113.9",
        "icmp 198.51.100.1 203.0.113.9",
        "icmp [2001:db8::1]:61000"
      })
  void itReadsBackWhatItWrites(String text) {
    assertThat(OuterTuple.parse(text)).hasToString(text);
    assertThat(OuterTuple.parse("  " + text.replace(" ", "\t ") + " ")).hasToString(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tcp                                      | is no connection
          tcp 1.2.3.4:5 6.7.8.9:10 11              | is no connection
          sctp 1.2.3.4:5 6.7.8.9:10                | is no protocol
          tcp 1.2.3.4 6.7.8.9:10                   | lacks its port
          tcp 1.2.3.4:5 6.7.8.9                    | lacks its port
          tcp 1.2.3.4:5 [2001:db8::1]:10           | of one IP version
          tcp 1.2.3.4:65536 6.7.8.9:10             | is no ADDRESS:PORT
          tcp 1.2.3.4:5 host:10                    | is no ADDRESS:PORT
          tcp [2001:db8::1:5 6.7.8.9:10            | is no ADDRESS:PORT
          icmp 1.2.3.4                             | give the identifier or the destination
          """)
  void whatIsWrongIsSaidWithAnExample(String text, String says) {
    assertThatThrownBy(() -> OuterTuple.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(says);
  }

  @Test
  void flowsOfTheLogAndOfTheNodeAreTheSame() {
    FlowRecord raw = FlowSamples.record("198.51.100.1", 61000, "203.0.113.9");
    FlowRecord kernel = FlowSamples.record("100.64.3.4", 0, "203.0.113.9");
    FlowRecord six = FlowSamples.record("2001:db8::1", 61000, "2600:9::9");
    FlowRecord kernel6 = FlowSamples.record("fd6f::3", 0, "2600:9::9");
    assertMatches("tcp 198.51.100.1:61000 203.0.113.9:80", raw, kernel);
    assertMatches("tcp 198.51.100.1:61000", raw);
    assertMatches("tcp 198.51.100.1:5000", kernel);
    assertMatches("tcp 198.51.100.2:61000 203.0.113.9:80", kernel);
    assertMatches("tcp 198.51.100.1:61001");
    assertMatches("tcp 198.51.100.1:61000 203.0.113.9:81");
    assertMatches("tcp 198.51.100.1:61000 203.0.113.8:80");
    assertMatches("udp 198.51.100.1:61000 203.0.113.9:80");
    assertMatches("tcp [2001:db8::1]:61000 [2600:9::9]:80", six, kernel6);
    for (FlowRecord flow : new FlowRecord[] {raw, kernel}) {
      flow.protocol = Ip.ICMP;
    }
    assertMatches("icmp 198.51.100.1:61000 203.0.113.9", raw, kernel);
    assertMatches("icmp 198.51.100.1 203.0.113.9", raw, kernel);
    assertMatches("icmp 198.51.100.2 203.0.113.9", kernel);
    assertMatches("icmp 198.51.100.1:61000", raw, kernel);
  }

  private static void assertMatches(String text, FlowRecord... flows) {
    OuterTuple asked = OuterTuple.parse(text);
    FlowRecord[] all = {
      FlowSamples.record("198.51.100.1", 61000, "203.0.113.9"),
      FlowSamples.record("100.64.3.4", 0, "203.0.113.9"),
      FlowSamples.record("2001:db8::1", 61000, "2600:9::9"),
      FlowSamples.record("fd6f::3", 0, "2600:9::9")
    };
    for (FlowRecord each : all) {
      boolean icmp = text.startsWith("icmp");
      each.protocol = icmp ? Ip.ICMP : each.protocol;
      boolean expected =
          Arrays.stream(flows).anyMatch(flow -> info(flow).mapped().equals(info(each).mapped()));
      // The engine does not know more of the kernel's address than its IP version.
      assertThat(asked.matches(each)).as("%s: %s", text, info(each)).isEqualTo(expected);
      assertThat(asked.matches(info(each))).as("%s: %s", text, info(each)).isEqualTo(expected);
    }
  }

  private static FlowInfo info(FlowRecord flow) {
    return FlowInfo.of(flow, flow.beganNs);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2026-03-01T14:30:00Z                      | 2026-03-01T14:30:00Z
          2026-03-01 14:30:00Z                      | 2026-03-01T14:30:00Z
          2026-03-01T15:30:00.5+01:00               | 2026-03-01T14:30:00.500Z
          2026-03-01T15:30:00+01:00[Europe/Berlin]  | 2026-03-01T14:30:00Z
          01/Mar/2026:14:30:00 +0000                | 2026-03-01T14:30:00Z
          Sun, 1 Mar 2026 14:30:00 GMT              | 2026-03-01T14:30:00Z
          now                                       | 2026-05-05T05:05:05Z
          """)
  void timesAreReadAsReportsWriteThem(String text, String instant) {
    assertThat(WhoisTime.parse(text, NOW)).isEqualTo(instant);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2026-03-01T14:30:00   | lacks its zone
          2026-03-01 14:30      | lacks its zone
          yesterday             | is no time
          2026-13-01T14:30:00Z  | is no time
          """)
  void aTimeWithoutItsZoneIsRefused(String text, String says) {
    assertThatThrownBy(() -> WhoisTime.parse(text, NOW)).hasMessageContaining(says);
  }

  @Test
  void noArgumentMakesTheParsersFailOtherwise() {
    String[] words = {
      "tcp",
      "icmp",
      "now",
      ":",
      "[",
      "]",
      "2001:db8::1",
      "1.2.3.4",
      ":80",
      " ",
      "\t",
      "65535",
      "Z",
      "2026-03-01T14:30:00",
      "+01:00",
      "/",
      "é",
      "\u0000"
    };
    Gen.cases(
        20_000,
        gen -> {
          StringBuilder text = new StringBuilder();
          for (int i = gen.below(8); i > 0; i--) {
            text.append(words[gen.below(words.length)]);
          }
          try {
            OuterTuple read = OuterTuple.parse(text.toString());
            assertThat(OuterTuple.parse(read.toString())).isEqualTo(read);
          } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("");
          }
          try {
            assertThat(WhoisTime.parse(text.toString(), NOW)).isNotNull();
          } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining(" time");
          }
        });
  }
}
