// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Address;
import oasis.tcp.Failure;

/** One name that is being looked up, for all who wait for it. Confined to the data loop. */
final class Lookup {
  final String name;
  final List<Long> waiting = new ArrayList<>();
  final List<Address> v4 = new ArrayList<>();
  final List<Address> v6 = new ArrayList<>();
  final int port4;
  final int port6;
  int id4;
  int id6;
  boolean done4;
  boolean done6;
  boolean answered;
  boolean failed;
  int tries;
  long retryNs;
  long leastTtl = Long.MAX_VALUE;

  /**
   * A lookup.
   *
   * @param port4 local port of the query for IPv4 addresses
   * @param port6 local port of the query for IPv6 addresses
   */
  Lookup(String name, int port4, int port6) {
    this.name = name;
    this.port4 = port4;
    this.port6 = port6;
  }

  /** IPv4 first: it is what every carrier carries. */
  List<Address> addresses() {
    List<Address> all = new ArrayList<>(v4);
    all.addAll(v6);
    return all;
  }

  /** Whether nothing better will come: an IPv4 address is not kept waiting for IPv6 ones. */
  boolean settled() {
    return done4 && (done6 || !v4.isEmpty());
  }

  /** Why there is no address: a failed server does not say that there is none. */
  Failure failure() {
    if (failed && !settled()) {
      return Failure.NAME_FAILED;
    }
    return answered ? Failure.NO_SUCH_NAME : Failure.NAME_TIMEOUT;
  }
}
