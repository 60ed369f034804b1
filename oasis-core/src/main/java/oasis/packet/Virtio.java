// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import org.jspecify.annotations.Nullable;

/** The virtio network header of TUN devices and packet sockets. */
final class Virtio {
  private Virtio() {}

  static @Nullable DropReason parse(Burst b, int at, int length, int linkBytes) {
    throw new UnsupportedOperationException("being written");
  }
}
