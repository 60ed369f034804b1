// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import oasis.os.OsException;

/**
 * What a client keeps in the operating system so that packets come to it: a state that is wanted
 * and made again when something else has damaged it. Confined to the thread that changes the
 * configuration.
 */
interface HostSide {
  /** For a client that programs go to of their own accord. */
  HostSide NOTHING = config -> {};

  /**
   * Makes the state what the configuration says.
   *
   * @throws OsException when the system refuses; then the state is what it was
   */
  void apply(ClientNetworkConfig config) throws OsException;

  /** Follows OC0, whose addresses may have changed. */
  default void followAddresses() throws OsException {}

  /** Whether the state is what was applied last. */
  default boolean intact() throws OsException {
    return true;
  }

  /** Whether the control groups that rules name are those of the last {@link #apply}. */
  default boolean groupsAreTheSame() {
    return true;
  }
}
