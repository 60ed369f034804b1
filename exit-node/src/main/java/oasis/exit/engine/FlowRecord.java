// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.flow.NatState;

/**
 * A view of one flow that the engine fills and refills; nothing is allocated. Addresses are in the
 * form of {@code FlowKey}. Confined to the data loop.
 */
public final class FlowRecord {
  /** High half of the client's UDP address. */
  public long clientHi;

  /** Low half of the client's UDP address. */
  public long clientLo;

  /** The client's UDP port. */
  public int clientPort;

  /** Source address of the packets inside (low half, IPv4-mapped). */
  public long innerLo;

  /** The address that the flow's client address was mapped to (low half, IPv4-mapped). */
  public long mappedLo;

  /** Destination address (low half, IPv4-mapped). */
  public long remoteLo;

  /** IP protocol number. */
  public int protocol;

  /** Source port, or ICMP echo identifier. */
  public int sourcePort;

  /** Destination port, or ICMP echo identifier. */
  public int remotePort;

  /** What is known of the flow. */
  public NatState state = NatState.UDP;

  /** Time of its first packet. */
  public long beganNs;

  /** Packets from the client. */
  public long outPkts;

  /** IP bytes from the client. */
  public long outBytes;

  /** Packets to the client. */
  public long inPkts;

  /** IP bytes to the client. */
  public long inBytes;
}
