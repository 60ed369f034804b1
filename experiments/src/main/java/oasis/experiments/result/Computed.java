// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Everything that is computed from the raw data of one run. */
public interface Computed {
  /** Values, goals and validity. */
  Report report();

  /** Table, goals and validity for people. */
  String text();

  /** The values as a drawing. */
  String svg();

  /** What the values are about: the first word of each name is one of these. */
  String subject();

  /** Plan, raw data and whatever else belongs into the record, by name. */
  Map<String, Object> parts();

  /** The values for other programs. */
  default String csv() {
    return report().csv(subject());
  }

  /**
   * The result as JSON, raw data included.
   *
   * @param manifest what has to be known to repeat the run
   */
  default String json(Map<String, Object> manifest) throws IOException {
    Map<String, Object> more = new TreeMap<>(parts());
    more.put("manifest", manifest);
    return report().json(more);
  }

  /** Writes everything into the run's folder; returns the JSON. */
  default String write(Path directory, Map<String, Object> manifest) throws IOException {
    String json = json(manifest);
    Files.writeString(directory.resolve(Report.FILE), json);
    Files.writeString(directory.resolve("values.csv"), csv());
    Files.writeString(directory.resolve("figure.svg"), svg());
    Files.writeString(directory.resolve("table.txt"), text());
    return json;
  }

  /**
   * Prints what the raw data says.
   *
   * @return whether it is what was recorded, the run is valid and all goals are met
   */
  default boolean verify(JsonNode recorded) throws IOException {
    System.out.print(text());
    boolean same = report().sameAs(recorded);
    if (!same) {
      System.err.println("oasis experiment: what is recorded differs from the raw data");
    }
    return same && report().good();
  }
}
