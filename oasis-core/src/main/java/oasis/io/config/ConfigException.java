// SPDX-License-Identifier: Apache-2.0
package oasis.io.config;

/** What the user wrote cannot be used; the message is one line that says what to do. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1;
  private static final int MAX_CHARS = 500;

  /**
   * @param message what is wrong; it may quote what the user wrote, so control characters are
   *     replaced and a very long message is cut
   */
  public ConfigException(String message) {
    super(oneLine(message));
  }

  /** The text on one line that a terminal shows as it is. */
  public static String oneLine(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return line.length() <= MAX_CHARS ? line : line.substring(0, MAX_CHARS - 1) + "…";
  }
}
