// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import java.util.List;
import oasis.lab.Family;
import oasis.lab.Lab;

/** A way of client and exit node to carry packets; each is tried by the tests of the whole. */
enum Deployment {
  KERNEL("kernel backend", Family.IPV4, "--backend kernel"),
  PACKET("packet socket, by IPv6", Family.IPV6, "--backend raw --send packet --silence nft"),
  PACKET_SOCKETS(
      "packet socket, silent sockets",
      Family.IPV4,
      "--backend raw --send packet --silence sockets"),
  RAW("raw socket, silent sockets", Family.IPV4, "--backend raw --send raw --silence sockets"),
  MEDIATED("mediated underlay", Family.IPV4, "");

  private final String text;
  private final Family carrier;
  private final String exitOptions;

  Deployment(String text, Family carrier, String exitOptions) {
    this.text = text;
    this.carrier = carrier;
    this.exitOptions = exitOptions;
  }

  /** Starts client and exit node; traffic that a rule matches goes by the overlay. */
  void start(Lab lab, List<String> rules) throws Exception {
    if (this == MEDIATED) {
      lab.daemons().startClient("--mediate");
      return;
    }
    lab.daemons().startExit(exitOptions.split(" ", -1));
    lab.daemons().startClientWithRules(carrier.overlayUrl(), rules);
  }

  /** Ends what was started. */
  static void stop(Lab lab) throws Exception {
    lab.daemons().stopClient();
    lab.daemons().stopExit();
  }

  /** Whether all traffic goes by the underlay through us, without an overlay. */
  boolean mediates() {
    return this == MEDIATED;
  }

  /** The address that servers see. */
  String peer(Family family) {
    return this == MEDIATED ? family.client() : family.exit();
  }

  /** Whether the source ports that servers see are of the reserved range. */
  boolean translatesPorts() {
    return this != KERNEL;
  }

  @Override
  public String toString() {
    return text;
  }
}
