// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import com.fasterxml.jackson.annotation.JsonValue;

/** By what a program reaches the server. */
enum Proxy {
  PORT("port", "http://127.0.0.1:" + PortNetwork.PORT, Carrier.UNDERLAY),
  TINYPROXY("tinyproxy", "http://127.0.0.1:" + PortNetwork.TINYPROXY_PORT, Carrier.UNDERLAY),
  OVERLAY("port-overlay", "http://127.0.0.1:" + PortNetwork.PORT, Carrier.OVERLAY),
  NONE("direct", "", Carrier.UNDERLAY);

  private final String word;
  private final String url;
  private final Carrier carrier;

  Proxy(String word, String url, Carrier carrier) {
    this.word = word;
    this.url = url;
    this.carrier = carrier;
  }

  /** What programs are told; nothing for none. */
  String url() {
    return url;
  }

  /** What carries, seen from the port. */
  Carrier carrier() {
    return carrier;
  }

  /** Its name in goals and results. */
  @JsonValue
  String word() {
    return word;
  }
}
