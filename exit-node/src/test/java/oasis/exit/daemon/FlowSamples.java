// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.time.Instant;
import oasis.exit.engine.FlowInfo;
import oasis.exit.engine.FlowRecord;
import oasis.flow.NatState;
import oasis.packet.Address;
import oasis.packet.Ip;

/** Flows for tests, and lines about them. */
final class FlowSamples {
  static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

  private FlowSamples() {}

  /** A flow as an engine shows it, which began now. */
  static FlowRecord record(String mapped, int mappedPort, String destination) {
    FlowRecord flow = new FlowRecord();
    flow.protocol = Ip.TCP;
    Address client = Address.parse("192.0.2.1");
    flow.clientHi = client.hi();
    flow.clientLo = client.lo();
    flow.clientPort = 40001;
    flow.clientKey = 7;
    Address inner = Address.parse(destination.contains(":") ? "fd00::7" : "192.168.1.7");
    flow.innerHi = inner.hi();
    flow.innerLo = inner.lo();
    flow.sourcePort = 5000;
    Address external = Address.parse(mapped);
    flow.mappedHi = external.hi();
    flow.mappedLo = external.lo();
    flow.mappedPort = mappedPort;
    Address remote = Address.parse(destination);
    flow.remoteHi = remote.hi();
    flow.remoteLo = remote.lo();
    flow.remotePort = 80;
    flow.state = NatState.ESTABLISHED;
    flow.beganNs = System.nanoTime();
    flow.outPkts = 7;
    flow.outBytes = 700;
    flow.inPkts = 8;
    flow.inBytes = 800;
    return flow;
  }

  /** A TCP flow to 203.0.113.9:80. */
  static FlowInfo info(String client, String source, String mapped, long ageMs) {
    return new FlowInfo(
        "tcp", client, 7, source, mapped, "203.0.113.9:80", "established", ageMs, 7, 700, 8, 800);
  }

  /** The same flow of a client without a key. */
  static FlowInfo keyless(FlowInfo f) {
    return new FlowInfo(
        f.protocol(),
        f.client(),
        0,
        f.source(),
        f.mapped(),
        f.destination(),
        f.state(),
        f.ageMs(),
        f.outPkts(),
        f.outBytes(),
        f.inPkts(),
        f.inBytes());
  }

  /** A line about a flow, some seconds after noon. */
  static FlowLine line(FlowLine.Event event, int second, FlowInfo flow) {
    String word = event == FlowLine.Event.END ? "closed" : "";
    return new FlowLine(event, NOON.plusSeconds(second), flow, word);
  }
}
