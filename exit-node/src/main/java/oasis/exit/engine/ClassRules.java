// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.List;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/** Says to which class a packet belongs. Confined to the data loop; allocates nothing. */
final class ClassRules {
  private final Clients clients;
  private final ClassMatch[][] matches;
  private final FlowKey endpoint = new FlowKey();

  ClassRules(List<QueueClass> classes, Clients clients) {
    this.clients = clients;
    matches =
        classes.stream()
            .map(each -> each.matches().toArray(ClassMatch[]::new))
            .toArray(ClassMatch[][]::new);
  }

  /**
   * The class of a packet from or for a client.
   *
   * @param b checked
   */
  int classOf(Burst b, int client) {
    clients.endpoint(client, endpoint);
    boolean node = clients.isPeer(client);
    int key = clients.keyId(client);
    int codePoint = Ip.tos(b.buffer(), b.start()) >>> 2;
    for (int c = 0; c < matches.length - 1; c++) {
      for (ClassMatch match : matches[c]) {
        if (match.holds(node, endpoint.srcHi, endpoint.srcLo, key, codePoint)) {
          return c;
        }
      }
    }
    return matches.length - 1; // takes all that is left
  }
}
