// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.util.Optional;
import oasis.packet.Address;

/**
 * The address of this host that something long-lived uses: a carrier's socket, OC0, or the exit
 * node's flows. It follows the host to another network. A privacy address (RFC 8981), which the
 * host replaces each day, is kept as long as the host has it: whoever talks to us knows us by it.
 */
public final class LocalAddress {
  private LocalAddress() {}

  /**
   * What to use from now on.
   *
   * @param used what is in use
   * @param chosen what the kernel would choose now
   */
  public static Optional<Address> next(Optional<Address> used, Optional<Address> chosen) {
    boolean replaced =
        used.isPresent()
            && chosen.isPresent()
            && !chosen.get().isV4()
            && used.get().hi() == chosen.get().hi() // the network is the same
            && SourceAddress.isAssigned(used.get());
    return replaced ? used : chosen;
  }
}
