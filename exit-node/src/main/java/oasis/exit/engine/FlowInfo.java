// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Locale;
import oasis.packet.Ip;

/**
 * A snapshot of one flow, addresses as text.
 *
 * @param protocol {@code tcp}, {@code udp} or {@code icmp}
 * @param client UDP address and port of the client
 * @param source inner source address, with its port unless ICMP
 * @param mapped address that stands for the source towards the kernel
 * @param destination address, with its port unless ICMP
 * @param state what is known of the flow, in lower case
 * @param ageMs milliseconds since its first packet
 */
public record FlowInfo(
    String protocol,
    String client,
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
    boolean ports = flow.protocol != Ip.ICMP;
    return new FlowInfo(
        Snapshots.protocol(flow.protocol),
        Snapshots.endpoint(flow.clientHi, flow.clientLo, flow.clientPort),
        text(flow.innerLo, flow.sourcePort, ports),
        text(flow.mappedLo, flow.sourcePort, false),
        text(flow.remoteLo, flow.remotePort, ports),
        flow.state.name().toLowerCase(Locale.ROOT),
        (nowNs - flow.beganNs) / 1_000_000,
        flow.outPkts,
        flow.outBytes,
        flow.inPkts,
        flow.inBytes);
  }

  private static String text(long lo, int port, boolean withPort) {
    String endpoint = Snapshots.endpoint(0, lo, port);
    return withPort ? endpoint : endpoint.substring(0, endpoint.lastIndexOf(':'));
  }
}
