// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/** A state that was handed over does not fit; the message says in one line what of it and why. */
public final class StateException extends Exception {
  private static final long serialVersionUID = 1;

  /** With one line for the log. */
  public StateException(String message) {
    super(message);
  }
}
