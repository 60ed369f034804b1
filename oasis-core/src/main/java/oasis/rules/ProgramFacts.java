// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import org.jspecify.annotations.Nullable;

/**
 * What somebody says of a program whose connections rules are asked about.
 *
 * @param uid its user id, or null when that was not said
 * @param group its control group, or null when that was not said
 */
public record ProgramFacts(@Nullable Long uid, @Nullable String group) {
  /** Nothing was said. */
  public static final ProgramFacts NONE = new ProgramFacts(null, null);

  /** Whether a subset holds for the program, as far as it is about programs. */
  public enum Answer {
    YES,
    NO,
    /** It depends on something that was not said. */
    DEPENDS
  }

  /** Whether what a subset says of programs holds. */
  public Answer holds(Subset subset) {
    Answer all = Answer.YES;
    for (Term term : subset.terms()) {
      if (term instanceof Term.Program program) {
        Boolean named = isNamed(program);
        if (named == null) {
          all = Answer.DEPENDS;
        } else if (named == program.negated()) {
          return Answer.NO;
        }
      }
    }
    return all;
  }

  private @Nullable Boolean isNamed(Term.Program term) {
    if (term instanceof Term.User user) {
      return uid == null ? null : (Boolean) user.names(uid);
    }
    if (term instanceof Term.ControlGroup control) {
      return group == null ? null : (Boolean) control.names(group);
    }
    throw new AssertionError(term);
  }

  /** Reads a control group as a rule would; null when it is none. */
  public static @Nullable String group(String text) {
    String path = text.replaceAll("^/|(?<=.)/$", "");
    return Term.ControlGroup.fault(path) == null ? path : null;
  }
}
