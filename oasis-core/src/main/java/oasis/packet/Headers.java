// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import org.jspecify.annotations.Nullable;

/** The strict parser behind {@link Burst#check}. */
final class Headers {
  private Headers() {}

  static @Nullable DropReason parse(Burst b, int at, int length) {
    throw new UnsupportedOperationException("being written");
  }
}
