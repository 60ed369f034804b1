// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Something about a host that the client's user should know.
 *
 * @param id names the kind of finding, for programs
 * @param severity how bad it is
 * @param what one sentence: what was found and what it does to the client
 * @param mend one sentence or command: what to do; empty when there is nothing to do
 */
record Finding(String id, Severity severity, String what, String mend) {
  /** From harmless to fatal. */
  enum Severity {
    /** Worth knowing; all works. */
    NOTE,
    /** Something works worse than it could. */
    WARNING,
    /** The client cannot start, or does not carry what its rules name. */
    ERROR
  }

  static Finding note(String id, String what, String mend) {
    return new Finding(id, Severity.NOTE, what, mend);
  }

  static Finding warning(String id, String what, String mend) {
    return new Finding(id, Severity.WARNING, what, mend);
  }

  static Finding error(String id, String what, String mend) {
    return new Finding(id, Severity.ERROR, what, mend);
  }

  /** For JSON. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", id);
    map.put("severity", severity.name().toLowerCase(Locale.ROOT));
    map.put("what", what);
    map.put("mend", mend);
    return map;
  }
}
