// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/** What happens to a rule's traffic when its overlay cannot serve: the rule's {@code else} part. */
public enum Otherwise {
  /** The plain Internet serves; the default. */
  UNDERLAY,
  /** The search goes on at the next rule. */
  NEXT,
  /** Nothing serves: connections are refused at once. */
  BLOCK
}
