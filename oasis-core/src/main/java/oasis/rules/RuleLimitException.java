// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/**
 * The rules need more memory or time than a look-up may take. The message is one line that names
 * the first rule that is too much, by its number from 1.
 */
public final class RuleLimitException extends RuntimeException {
  private static final long serialVersionUID = 1;

  RuleLimitException(int rule, Rule what, String why) {
    super("rule " + (rule + 1) + " (" + what + ") is too much: " + why);
  }
}
