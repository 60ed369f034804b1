// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

/** Text that is not the JSON that was expected; the message is one line for the sender. */
public final class JsonException extends Exception {
  private static final long serialVersionUID = 1;

  public JsonException(String message) {
    super(message.replaceAll("\\R+", " "));
  }
}
