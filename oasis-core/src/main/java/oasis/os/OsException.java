// SPDX-License-Identifier: Apache-2.0
package oasis.os;

/**
 * The operating system refused something that set-up needs; the message names call and argument.
 */
public final class OsException extends Exception {
  private static final long serialVersionUID = 1;

  public OsException(String message) {
    super(message);
  }

  public OsException(String message, Throwable cause) {
    super(message, cause);
  }
}
