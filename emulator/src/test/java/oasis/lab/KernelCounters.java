// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import oasis.emulator.Node;

/** What the kernels of all nodes count, as {@code nstat} shows it, at one moment. Immutable. */
public final class KernelCounters {
  /** Packets that a kernel found malformed. */
  public static final String MALFORMED =
      ".*CsumErrors|Ip6?InHdrErrors|.*InTruncatedPkts|Icmp6?InErrors";

  /** Resets that a kernel sent, and TCP segments that it found wrong for any reason. */
  public static final String ODD = "TcpInErrs|TcpOutRsts";

  private final Lab lab;
  private final Map<String, Map<String, Long>> byNode;

  private KernelCounters(Lab lab, Map<String, Map<String, Long>> byNode) {
    this.lab = lab;
    this.byNode = byNode;
  }

  /** Reads them. */
  public static KernelCounters read(Lab lab) throws Exception {
    Map<String, Map<String, Long>> byNode = new LinkedHashMap<>();
    for (Node node : lab.emulation().nodes()) {
      JsonNode kernel = Lab.json(lab.runIn(node, "nstat", "-asz", "--json")).path("kernel");
      Map<String, Long> values = new TreeMap<>();
      kernel.properties().forEach(one -> values.put(one.getKey(), one.getValue().asLong()));
      if (!values.containsKey("TcpInCsumErrors")) {
        throw new AssertionError("nstat gave no TcpInCsumErrors: " + kernel);
      }
      byNode.put(node.name(), values);
    }
    return new KernelCounters(lab, byNode);
  }

  /**
   * Those counters that have grown since, as {@code node counter} and by how much.
   *
   * @param pattern regular expression that the whole name matches, {@code Ip6.*Errors}
   */
  public Map<String, Long> grown(String pattern) throws Exception {
    Map<String, Long> grown = new TreeMap<>();
    read(lab)
        .byNode
        .forEach(
            (node, now) ->
                now.forEach(
                    (name, value) -> {
                      long more = value - before(node, name);
                      if (more != 0 && name.matches(pattern)) {
                        grown.put(node + " " + name, more);
                      }
                    }));
    return grown;
  }

  private long before(String node, String name) {
    return byNode.getOrDefault(node, Map.of()).getOrDefault(name, 0L);
  }
}
