// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.List;
import java.util.Map;

/**
 * What one engine did with hostile datagrams.
 *
 * @param backend kernel or raw
 * @param datagrams from clients and strangers
 * @param seconds that it took, the making and judging of datagrams included
 * @param allowed datagrams that might have been forwarded
 * @param explained packets that went on and were found among them
 * @param delivered packets from the network that reached whom they might
 * @param forbidden everything else that the engine sent to anybody
 * @param exceptions that it let escape
 * @param heapHalfMib heap in use after half of the datagrams, with the oracle's own memory, which
 *     does not change
 * @param heapEndMib the same at the end
 * @param flows at the end
 * @param drops by reason
 * @param violations the first of what was forbidden
 * @param thrown the first exceptions
 */
record IntoEngine(
    String backend,
    long datagrams,
    double seconds,
    long allowed,
    long explained,
    long delivered,
    long forbidden,
    long exceptions,
    double heapHalfMib,
    double heapEndMib,
    int flows,
    Map<String, Long> drops,
    List<String> violations,
    List<String> thrown) {}
