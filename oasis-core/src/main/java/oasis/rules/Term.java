// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/** One term of a subset, possibly behind {@code not}. */
public sealed interface Term {
  /** Whether {@code not} stands before the term. */
  boolean negated();

  /**
   * Names.
   *
   * @param pattern a glob such as {@code *.edu}, or a regular expression between slashes
   */
  record Name(boolean negated, String pattern) implements Term {}

  /** All TCP, UDP and ICMP echo traffic: {@code any}. */
  record Any(boolean negated) implements Term {}
}
