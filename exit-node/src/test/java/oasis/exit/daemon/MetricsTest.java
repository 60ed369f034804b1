// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.exit.engine.ClassInfo;
import oasis.exit.engine.ExitInfo;
import oasis.io.PortCounters;
import oasis.link.ClassStatistics;
import oasis.packet.DropReason;
import org.junit.jupiter.api.Test;

class MetricsTest {
  @Test
  void everyCounterOfTheStatusIsThere() {
    PortCounters counters = new PortCounters();
    counters.in(3, 300);
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("uptimeMs", 1500L);
    status.put("draining", true);
    status.put("liveFlows", 4);
    status.put("backend", "kernel");
    status.put("conntrack", 12L);
    status.put("conntrackMax", 100L);
    status.put("udpPort", counters.snapshot());
    ClassStatistics out = new ClassStatistics(1, 2, 3, 4, 5, 6, 7, 8, 9);
    status.put("classes", List.of(new ClassInfo("own", 2, 1, "own priority 2", out, null)));
    status.put(
        "engine", new ExitInfo(1, 2, 3, 65_536, 5, 6, 7, 8, 9, 10, 11, Map.of("NAT_FULL", 12L)));
    String text = Metrics.text(status);
    assertThat(text)
        .contains(
            "oasis_exit_info{backend=\"kernel\"} 1\n",
            "oasis_exit_uptime_seconds 1.500\n",
            "oasis_exit_draining 1\n",
            "oasis_exit_live_flows 4\n",
            "oasis_exit_packets_total{direction=\"out\"} 6\n",
            "oasis_exit_bytes_total{direction=\"in\"} 9\n",
            "oasis_exit_dropped_packets_total{reason=\"nat_full\"} 12\n",
            "oasis_exit_dropped_packets_total{reason=\"flow_limit\"} 0\n",
            "oasis_exit_port_packets_total{port=\"udp\",direction=\"in\"} 3\n",
            "oasis_exit_class_late_packets_total{class=\"own\",direction=\"out\"} 6\n",
            "oasis_exit_conntrack_entries 12\n");
    assertThat(text.lines().filter(line -> line.startsWith("oasis_exit_dropped_packets_total{")))
        .hasSize(DropReason.values().length);
    assertWellFormed(text);
  }

  /** Each family is described once, in front of its values, which are of it and all different. */
  private static void assertWellFormed(String text) {
    Set<String> families = new HashSet<>();
    Set<String> series = new HashSet<>();
    String family = "";
    for (String line : text.split("\n", -1)) {
      if (line.startsWith("# HELP ")) {
        family = line.split(" ", -1)[2];
        assertThat(families.add(family)).as(family).isTrue();
      } else if (line.startsWith("# TYPE ")) {
        assertThat(line).matches("# TYPE " + family + " (counter|gauge)");
        assertThat(family.endsWith("_total")).as(line).isEqualTo(line.endsWith(" counter"));
      } else if (!line.isEmpty()) {
        assertThat(line)
            .matches(family + "(\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*})? -?[0-9]+(\\.[0-9]+)?");
        assertThat(series.add(line.substring(0, line.lastIndexOf(' ')))).as(line).isTrue();
      }
    }
    assertThat(text).endsWith("\n");
  }

  @Test
  void labelsAndHelpAreEscaped() {
    String text =
        new MetricsText().gauge("x", "a\\b\nc").value(1, "l", "q\"\\\n").value(0.5).toString();
    assertThat(text)
        .isEqualTo("# HELP x a\\\\b\\nc\n# TYPE x gauge\nx{l=\"q\\\"\\\\\\n\"} 1\nx 0.500\n");
  }
}
