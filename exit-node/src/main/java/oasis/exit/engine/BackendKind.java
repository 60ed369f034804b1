// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

/** What carries packets between the engine and their destinations. */
public enum BackendKind {
  /**
   * The kernel's routing and masquerade, behind a TUN device. Ports stay the client's own but where
   * two flows collide.
   */
  KERNEL,
  /**
   * Raw sockets, with address and port translation of our own into a reserved range. Needs neither
   * forwarding nor a TUN device.
   */
  RAW
}
