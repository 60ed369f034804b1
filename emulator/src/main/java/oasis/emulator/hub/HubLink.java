// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import oasis.link.LinkModel;
import oasis.link.LinkSettings;

/**
 * A link for the hub to carry, between two Ethernet devices in its namespace.
 *
 * @param name for reports
 * @param deviceA the device that faces end a
 * @param deviceB the device that faces end b
 * @param mtu largest IP packet in bytes
 * @param fromA what happens to packets sent by a
 * @param fromB what happens to packets sent by b
 * @param seed of the run
 */
public record HubLink(
    String name,
    String deviceA,
    String deviceB,
    int mtu,
    LinkSettings fromA,
    LinkSettings fromB,
    long seed) {
  /** FNV-1a, 64 bits. */
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;

  private static final long FNV_PRIME = 0x100000001b3L;

  /** The model of one direction; its draws depend on the link's name, not on other links. */
  LinkModel model(int direction) {
    long id = FNV_OFFSET;
    for (int i = 0; i < name.length(); i++) {
      id = (id ^ name.charAt(i)) * FNV_PRIME;
    }
    return new LinkModel(direction == 0 ? fromA : fromB, seed, id, direction);
  }
}
