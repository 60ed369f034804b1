// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import org.jspecify.annotations.Nullable;

/** A topology that cannot be emulated; the message is one line and says what to change. */
public final class TopologyException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final transient @Nullable Object about;

  /** A problem that belongs to no single element. */
  public TopologyException(String message) {
    this(message, null);
  }

  /**
   * @param message what is wrong
   * @param about the node, link or route that it is about, so that a reader can name its line
   */
  TopologyException(String message, @Nullable Object about) {
    // A file may bring line breaks into a message by way of a quoted attribute.
    super(message.replaceAll("\\p{Cntrl}", "?"));
    this.about = about;
  }

  @Nullable Object about() {
    return about;
  }
}
