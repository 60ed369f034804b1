// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import oasis.emulator.Node;
import oasis.os.OsException;

/**
 * Counts who answers on the port: resets and SYN-ACKs are caught where the kernel sends. A reset of
 * the kernel belongs to no socket of a process, while the port's do; a SYN-ACK of the kernel grants
 * time stamps to the programs, which all ask for them, while the port never does. That this tells
 * them apart is seen at two other ports, where the kernel does answer.
 */
final class Silence {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration SHORT = Duration.ofSeconds(10);
  private static final String RULES =
      """
      tcp sport %1$s tcp flags & (syn | ack) == syn | ack tcp option timestamp exists \
      counter name %2$s_openings
      tcp sport %1$s tcp flags & rst == rst meta skuid 0 return
      tcp sport %1$s tcp flags & rst == rst counter name %2$s_resets
      """;

  private final Node node;

  /**
   * What the kernel has sent.
   *
   * @param resets from the port
   * @param openings SYN-ACKs from the port
   * @param all SYN-ACKs from the port, whoever sent them
   * @param otherResets from ports where it has to
   * @param otherOpenings from ports where it has to
   */
  record Answers(long resets, long openings, long all, long otherResets, long otherOpenings) {
    /** Those between two readings. */
    Answers since(Answers before) {
      return new Answers(
          resets - before.resets,
          openings - before.openings,
          all - before.all,
          otherResets,
          otherOpenings);
    }
  }

  private Silence(Node node) {
    this.node = node;
  }

  /** Begins to count on the programs' host, which needs programs that answer elsewhere, too. */
  static Silence watch(Node node, Path directory) throws OsException, IOException {
    String counters = "";
    for (String name : new String[] {"port_all", "port_resets", "port_openings"}) {
      counters += "counter " + name + " { }\n";
    }
    counters += "counter other_resets { }\ncounter other_openings { }\n";
    String other = "{ " + PortNetwork.CLOSED_PORT + ", " + PortNetwork.TINYPROXY_PORT + " }";
    String rules =
        RULES.formatted(PortNetwork.PORT, "port")
            + RULES.formatted(other, "other")
            + "tcp sport %d tcp flags & (syn | ack) == syn | ack counter name port_all%n"
                .formatted(PortNetwork.PORT);
    Path file = directory.resolve("silence.nft");
    String chain = "chain out { type filter hook output priority 0;\n" + rules + "}\n";
    Files.writeString(file, "table inet silence {\n" + counters + chain + "}\n");
    var result = node.exec(SHORT, "nft", "-f", file.toString());
    if (!result.ok()) {
      throw new OsException("nft: " + result.err());
    }
    for (int port : new int[] {PortNetwork.CLOSED_PORT, PortNetwork.TINYPROXY_PORT}) {
      node.exec(SHORT, "curl", "-s", "-m", "2", "-o", "/dev/null", "http://127.0.0.1:" + port);
    }
    return new Silence(node);
  }

  /** What has been counted so far. */
  Answers answers() throws OsException, IOException {
    String text = node.exec(SHORT, "nft", "-j", "list", "table", "inet", "silence").out();
    Map<String, Long> counts = new HashMap<>();
    for (JsonNode each : JSON.readTree(text).path("nftables")) {
      JsonNode counter = each.path("counter");
      if (counter.has("name")) {
        counts.put(counter.path("name").asText(), counter.path("packets").asLong());
      }
    }
    return new Answers(
        counts.getOrDefault("port_resets", 0L),
        counts.getOrDefault("port_openings", 0L),
        counts.getOrDefault("port_all", 0L),
        counts.getOrDefault("other_resets", 0L),
        counts.getOrDefault("other_openings", 0L));
  }
}
