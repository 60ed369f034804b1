// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.Map;
import oasis.os.OsException;

/** A way from client to server that can be measured. Immutable. */
interface TestPath {
  /** Its name in options, goals and results. */
  String name();

  /** What it is, for people. */
  String title();

  /** Whether it is between addresses of IPv6. */
  default boolean ipv6() {
    return false;
  }

  /** Address of the server on it. */
  default String server() {
    return ipv6() ? Lab.SERVER6 : Lab.SERVER;
  }

  /**
   * Why it cannot be measured on this machine; empty when it can.
   *
   * @param install whether missing Debian packages may be installed
   */
  String missing(boolean install) throws OsException;

  /** Version of its program; empty where there is none. */
  String version() throws OsException;

  /**
   * Builds it and waits until it carries packets.
   *
   * @return what was measured meanwhile, by name: {@code start_client} and {@code start_exit} in ms
   */
  Map<String, Double> up(Lab lab) throws OsException;

  /** Takes away what is outside of the lab's namespaces; never fails. */
  void down(Lab lab);
}
