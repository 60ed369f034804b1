// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.rules.Programs;

/**
 * What the engine asks its surroundings to do. Calls come from inside the engine's handlers; a
 * burst must be taken (queued by reference to its memory, or written) before the call returns,
 * since the engine and its reader refill it. Of a fragment the headers must be copied: the next
 * fragment's are written in their place.
 */
public interface Effects {
  /** Hands an inbound burst, or an answer that the engine wrote itself, to the programs. */
  void toTun(Burst burst);

  /** Sends an outbound burst to the entry node of a carrier. */
  void toCarrier(int carrier, Burst burst);

  /**
   * Sends an outbound burst by the underlay (OC0); its source is already translated.
   *
   * @return 0, or the path's MTU when a packet of the burst is longer and may not be fragmented:
   *     then nothing was sent
   */
  int toUnderlay(Burst burst);

  /**
   * MTU of the underlay's path to a destination, asked when a TCP connection begins.
   *
   * @return 0 when it is not known
   */
  int underlayMtu(long hi, long lo);

  /**
   * What the host's kernel has noted about the program that sends the packets of a flow, asked at
   * the first one when a rule depends on it; see {@link Programs}. A host that notes nothing says
   * {@link Programs#UNKNOWN}.
   *
   * @param program the flow's 5-tuple as in the packet from the TUN device
   */
  default long notes(FlowKey program) {
    return Programs.UNKNOWN;
  }

  /**
   * Sends an empty datagram to a carrier's entry node, which answers with one.
   *
   * @return false when the host has no way to send it at present
   */
  boolean probe(int carrier);
}
