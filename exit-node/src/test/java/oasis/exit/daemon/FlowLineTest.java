// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Objects;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowInfo;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowLineTest {
  private static final long NOON_MS = FlowSamples.NOON.toEpochMilli();
  private static final FlowInfo FLOW =
      FlowSamples.info("192.0.2.1:40001", "192.168.1.7:5000", "[2001:db8::1]:61000", 1500);

  @Test
  void aLineReadsBackAsItWasWritten() {
    for (EndReason why : EndReason.values()) {
      StringBuilder text = new StringBuilder();
      FlowLine.append(text, FlowLine.Event.END, NOON_MS, FLOW, why);
      FlowLine line = Objects.requireNonNull(parse(text.toString()));
      assertThat(line.event()).isEqualTo(FlowLine.Event.END);
      assertThat(line.time()).isEqualTo(FlowSamples.NOON);
      assertThat(line.began()).isEqualTo(FlowSamples.NOON.minusMillis(1500));
      assertThat(line.flow()).isEqualTo(FLOW);
      assertThat(line.word()).isEqualToIgnoringCase(why.name());
    }
    StringBuilder text = new StringBuilder();
    FlowLine.append(text, FlowLine.Event.BEGIN, NOON_MS, FLOW, null);
    assertThat(parse(text.toString()))
        .isEqualTo(new FlowLine(FlowLine.Event.BEGIN, FlowSamples.NOON, FLOW, ""));
    assertThat(parse(FlowLine.start(NOON_MS, "raw")))
        .isEqualTo(new FlowLine(FlowLine.Event.START, FlowSamples.NOON, null, "raw"));
    assertThat(parse(FlowLine.lost(NOON_MS, 7)))
        .isEqualTo(new FlowLine(FlowLine.Event.LOST, FlowSamples.NOON, null, "7"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{}",
        "[]",
        "{\"event\":\"begin\"}",
        "{\"event\":\"other\",\"time\":\"2026-01-02T12:00:00.000Z\"}",
        "{\"event\":\"start\",\"time\":\"noon\",\"backend\":\"raw\"}",
        "{\"event\":\"lost\",\"time\":\"2026-01-02T12:00:00.000Z\",\"lines\":\"7\"}",
        "2026-01-02T12:00:00Z began=2026-01-02T11:59:58.500Z protocol=tcp"
      })
  void anythingElseIsNoLine(String text) {
    assertThat(parse(text)).isNull();
  }

  @Test
  void noLineOfTheLogMakesTheReaderThrow() {
    StringBuilder good = new StringBuilder();
    FlowLine.append(good, FlowLine.Event.END, NOON_MS, FLOW, EndReason.IDLE);
    byte[] bytes = good.toString().strip().getBytes(US_ASCII);
    String[] words = {
      "\"", "{", "}", ":", ",", "-999999999-01-01T00:00:00Z", "1e999", "null", "[]"
    };
    Gen.cases(
        20_000,
        gen -> {
          byte[] line = Arrays.copyOf(bytes, gen.range(1, bytes.length));
          for (int i = gen.below(4); i > 0; i--) {
            if (gen.flip()) {
              line[gen.below(line.length)] = (byte) gen.anyInt();
            } else {
              byte[] word = words[gen.below(words.length)].getBytes(US_ASCII);
              int at = gen.below(line.length);
              System.arraycopy(word, 0, line, at, Math.min(word.length, line.length - at));
            }
          }
          FlowLine read = FlowLine.parse(line);
          if (read != null) {
            assertThat(read.began()).isNotNull();
          }
        });
  }

  private static @Nullable FlowLine parse(String text) {
    return FlowLine.parse(text.getBytes(US_ASCII));
  }
}
