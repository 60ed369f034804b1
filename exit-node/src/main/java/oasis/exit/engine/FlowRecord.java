// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.flow.NatState;

/**
 * A view of one flow that the engine fills and refills; nothing is allocated. Addresses are in the
 * form of {@code FlowKey}. Confined to the data loop.
 */
public final class FlowRecord {
  /** Number of the client's key, 0 for a client without one. */
  public int clientKey;

  /** High half of the client's UDP address. */
  public long clientHi;

  /** Low half of the client's UDP address. */
  public long clientLo;

  /** The client's UDP port. */
  public int clientPort;

  /** High half of the source address of the packets inside. */
  public long innerHi;

  /** Low half of the source address of the packets inside. */
  public long innerLo;

  /** High half of the address that stands for the source. */
  public long mappedHi;

  /** Low half of the address that stands for the source. */
  public long mappedLo;

  /** Port, or ICMP echo identifier, that the destination sees; 0 when it is the client's own. */
  public int mappedPort;

  /** High half of the destination address. */
  public long remoteHi;

  /** Low half of the destination address. */
  public long remoteLo;

  /** IP protocol number. */
  public int protocol;

  /** Source port, or ICMP echo identifier. */
  public int sourcePort;

  /** Destination port; no meaning for ICMP. */
  public int remotePort;

  /** What is known of the flow; nothing of one that is relayed. */
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

  /** Whether it goes on to another node, which translates it. */
  public boolean relayed;

  /** The engine's number of the source. */
  int source;

  /** Takes over what another record says. */
  public void set(FlowRecord from) {
    clientKey = from.clientKey;
    clientHi = from.clientHi;
    clientLo = from.clientLo;
    clientPort = from.clientPort;
    innerHi = from.innerHi;
    innerLo = from.innerLo;
    mappedHi = from.mappedHi;
    mappedLo = from.mappedLo;
    mappedPort = from.mappedPort;
    remoteHi = from.remoteHi;
    remoteLo = from.remoteLo;
    protocol = from.protocol;
    sourcePort = from.sourcePort;
    remotePort = from.remotePort;
    state = from.state;
    beganNs = from.beganNs;
    outPkts = from.outPkts;
    outBytes = from.outBytes;
    inPkts = from.inPkts;
    inBytes = from.inBytes;
    relayed = from.relayed;
    source = from.source;
  }
}
