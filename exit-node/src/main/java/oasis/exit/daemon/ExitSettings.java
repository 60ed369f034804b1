// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The settings as they were read.
 *
 * @param config what they mean
 * @param log how much is logged: error, warn, info or debug
 * @param texts each setting's value as text, by its name
 */
record ExitSettings(ExitConfig config, String log, Map<String, String> texts) {
  ExitSettings {
    texts = Map.copyOf(texts);
  }

  /** The names of the settings that differ, in their order. */
  List<String> differences(ExitSettings from) {
    return texts.keySet().stream()
        .filter(name -> !Objects.equals(texts.get(name), from.texts.get(name)))
        .sorted()
        .toList();
  }
}
