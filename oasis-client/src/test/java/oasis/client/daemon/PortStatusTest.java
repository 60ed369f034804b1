// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PortStatusTest {
  private static String events(Map<?, ?> port) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    PortStatus.printEvents(port, out);
    out.flush();
    return text.toString();
  }

  @Test
  void aNewPortSaysNothingThatItHasNotSeen() {
    Map<String, Object> port = new TreeMap<>(Map.of("port", 4712, "silence", "sockets"));
    port.putAll(Map.of("connections", 0, "maxConnections", 16_384, "heldBytes", 0));
    port.putAll(Map.of("byStage", Map.of(), "answers", Map.of(), "events", Map.of("full", 0)));
    assertThat(PortStatus.lines(port))
        .containsExactly(
            "Port 4712, kept silent by sockets",
            "Connections 0 of 16384; heads and bodies held 0 B");
    assertThat(events(port)).isEmpty();
  }

  @Test
  void whatHasHappenedIsCountedAndExplained() {
    Map<String, Object> port = new TreeMap<>(Map.of("port", 4712, "silence", "sockets"));
    port.putAll(Map.of("connections", 3, "maxConnections", 16_384, "heldBytes", 1_000));
    port.put("byStage", new TreeMap<>(Map.of("over", 1, "relay", 2)));
    port.put("answers", new TreeMap<>(Map.of("400", 5, "502", 1)));
    port.put("events", Map.of("out_of_window", 12, "full", 0));
    port.put("missedPkts", 7);
    assertThat(PortStatus.lines(port).get(1))
        .isEqualTo(
            "Connections 3 of 16384 (over 1, relay 2); heads and bodies held 1.0 kB;"
                + " answered by the port itself: 400 5, 502 1");
    assertThat(events(port))
        .contains("12", "out_of_window", "segments outside of what their sender may send")
        .contains("7", "missed")
        .doesNotContain("full");
  }
}
