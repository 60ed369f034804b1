// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/** The addresses of a benchmark. */
public enum Family {
  IPV4("192.0.2.10", "203.0.113.80", "198.51.100.2"),
  IPV6("2001:db8:1::10", "2600:1::80", "2001:db8:2::2");

  private final String host;
  private final String server;
  private final String exit;

  Family(String host, String server, String exit) {
    this.host = host;
    this.server = server;
    this.exit = exit;
  }

  /** Of the host on which the client runs. */
  Address host() {
    return Address.parse(host);
  }

  /** Of the exit node. */
  Address exit() {
    return Address.parse(exit);
  }

  /** From a program on the host to the server. */
  FlowKey outbound(Shape shape) {
    int protocol = shape == Shape.UDP_BURST ? Ip.UDP : Ip.TCP;
    Address from = host();
    Address to = Address.parse(server);
    return new FlowKey()
        .set(from.hi(), from.lo(), to.hi(), to.lo(), protocol, 40_000, Input.SERVER_PORT);
  }
}
