// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import org.jspecify.annotations.Nullable;

/** The strict parser behind {@link Burst#check}. */
final class Headers {
  static final int MAX_EXTENSION_BYTES = 256;
  static final int MAX_BYTES = Ip.V6_BYTES + MAX_EXTENSION_BYTES + 60;

  private Headers() {}

  static @Nullable DropReason parse(Burst b, int at, int length) {
    throw new UnsupportedOperationException("being written");
  }
}
