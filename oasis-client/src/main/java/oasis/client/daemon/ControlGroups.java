// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import oasis.os.OsException;
import oasis.rules.RuleSet;
import oasis.rules.Subset;
import oasis.rules.Term;
import org.jspecify.annotations.Nullable;

/**
 * The ids that the control groups of rules have now, by path. A group that is removed and made
 * again, as when a service restarts, has another id, and the kernel compares ids. Immutable.
 */
final class ControlGroups {
  /** Where nft looks for the hierarchy (cgroup v2). */
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private final Map<String, Long> ids;

  private ControlGroups(Map<String, Long> ids) {
    this.ids = ids;
  }

  /** Looks up the groups that rules name; without any nothing is looked at. */
  static ControlGroups of(RuleSet rules) {
    Map<String, Long> ids = new HashMap<>();
    for (Term.Program term : rules.programs().terms()) {
      if (term instanceof Term.ControlGroup group) {
        Long id = lookUp(group.path());
        if (id != null) {
          ids.put(group.path(), id);
        }
      }
    }
    return new ControlGroups(Map.copyOf(ids));
  }

  /** Refuses rules by control group on a host where the kernel cannot be asked for them. */
  static void require(RuleSet rules) throws OsException {
    boolean wanted =
        rules.programs().terms().stream().anyMatch(Term.ControlGroup.class::isInstance);
    if (wanted && !Files.exists(ROOT.resolve("cgroup.procs"))) {
      throw new OsException(
          "rules by control group need cgroup v2 at " + ROOT + ", which this host does not have");
    }
  }

  private static @Nullable Long lookUp(String path) {
    Path directory = ROOT.resolve(path);
    try {
      return Files.isDirectory(directory) ? (Long) Files.getAttribute(directory, "unix:ino") : null;
    } catch (IOException e) {
      return null; // gone between the two questions
    }
  }

  /** A control group that a subset names and that is not there now, or null. */
  static @Nullable String missing(Subset subset) {
    for (Term term : subset.terms()) {
      if (term instanceof Term.ControlGroup group && lookUp(group.path()) == null) {
        return group.path();
      }
    }
    return null;
  }

  /** The id of a group, or null while there is none. */
  @Nullable Long id(String path) {
    return ids.get(path);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ControlGroups groups && ids.equals(groups.ids);
  }

  @Override
  public int hashCode() {
    return ids.hashCode();
  }
}
