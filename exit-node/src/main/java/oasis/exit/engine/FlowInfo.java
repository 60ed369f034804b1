// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Locale;
import oasis.packet.Addresses;
import oasis.packet.Ip;

/**
 * A snapshot of one flow, addresses as text.
 *
 * @param protocol {@code tcp}, {@code udp}, {@code icmp} or {@code icmp6}
 * @param client UDP address and port of the client
 * @param key number of the client's key, 0 for one without
 * @param source inner source address, with its port unless ICMP
 * @param mapped address that stands for the source, with its port or echo identifier where this
 *     node chose it
 * @param destination address, with its port unless ICMP
 * @param state what is known of the flow, in lower case; {@code relayed} of one that goes on to
 *     another node
 * @param ageMs milliseconds since its first packet
 */
public record FlowInfo(
    String protocol,
    String client,
    int key,
    String source,
    String mapped,
    String destination,
    String state,
    long ageMs,
    long outPkts,
    long outBytes,
    long inPkts,
    long inBytes) {
  /** Takes a copy of a record; allocates. */
  public static FlowInfo of(FlowRecord flow, long nowNs) {
    boolean ports = flow.protocol != Ip.ICMP && flow.protocol != Ip.ICMP6;
    return new FlowInfo(
        Snapshots.protocol(flow.protocol),
        Snapshots.endpoint(flow.clientHi, flow.clientLo, flow.clientPort),
        flow.clientKey,
        text(flow.innerHi, flow.innerLo, flow.sourcePort, ports),
        text(flow.mappedHi, flow.mappedLo, flow.mappedPort, flow.mappedPort != 0),
        text(flow.remoteHi, flow.remoteLo, flow.remotePort, ports),
        flow.relayed ? "relayed" : flow.state.name().toLowerCase(Locale.ROOT),
        (nowNs - flow.beganNs) / 1_000_000,
        flow.outPkts,
        flow.outBytes,
        flow.inPkts,
        flow.inBytes);
  }

  /** Who began it, the same as long as it lives: a client with a key may move. */
  public String identity() {
    return key == 0 ? client : "key " + key;
  }

  private static String text(long hi, long lo, int port, boolean withPort) {
    return withPort ? Snapshots.endpoint(hi, lo, port) : Addresses.text(hi, lo);
  }
}
