// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * A session of a {@link NatEngine}, filled and refilled by {@link NatEngine#read}; nothing is
 * allocated. Addresses are in the form of {@link oasis.packet.FlowKey}. Confined to one thread.
 */
public final class NatRecord {
  /** Client number. */
  public int client;

  /** IP protocol number. */
  public int protocol;

  /** High half of the client's address. */
  public long innerHi;

  /** Low half of the client's address. */
  public long innerLo;

  /** The client's port, or echo identifier. */
  public int innerPort;

  /** High half of the address that the remote end sees. */
  public long externalHi;

  /** Low half of the address that the remote end sees. */
  public long externalLo;

  /** Port, or echo identifier, that the remote end sees. */
  public int externalPort;

  /** High half of the remote address. */
  public long remoteHi;

  /** Low half of the remote address. */
  public long remoteLo;

  /** Remote port; 0 for echo. */
  public int remotePort;

  /** What is known of the connection. */
  public NatState state = NatState.UDP;

  /** Time of the first packet. */
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
