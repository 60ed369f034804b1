// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Where the settings come from: the command line, and for what it does not say a file. Both go
 * through the same options, so that they mean the same. Immutable; the file is read each time.
 */
final class ConfigSource {
  /** The option that names the file. */
  static final String CONFIG = "--config";

  /** The option that says how to start; no setting either. */
  static final String REPLACE = "--replace";

  /** The option that ends the node at once; no setting either. */
  static final String TRY = "--try";

  private static final String OPEN = "open";
  private static final Set<String> LETS_IN = Set.of("allow", OPEN);

  private final List<String> words;
  private final Set<String> given;
  private final @Nullable Path file;

  private ConfigSource(List<String> words, Set<String> given, @Nullable Path file) {
    this.words = List.copyOf(words);
    this.given = Set.copyOf(given);
    this.file = file;
  }

  /** The source behind a command line that was parsed. */
  static ConfigSource of(CommandLine.ParseResult parsed, @Nullable Path file) {
    List<String> words = new ArrayList<>();
    Set<String> given = new HashSet<>();
    Set<String> settings = settings().keySet();
    for (OptionSpec option : parsed.matchedOptions()) {
      String name = name(option);
      // An option that is repeated is listed as often, each time with all its values.
      if (settings.contains(name) && given.add(name)) {
        if (isFlag(option)) {
          words.add(option.longestName());
        } else {
          option
              .originalStringValues()
              .forEach(value -> words.add(option.longestName() + "=" + value));
        }
      }
    }
    return new ConfigSource(words, given, file);
  }

  /** A source without a command line. */
  static ConfigSource of(Path file) {
    return new ConfigSource(List.of(), Set.of(), file);
  }

  /** The names of all settings, and whether each is true or false only. */
  static Map<String, Boolean> settings() {
    Map<String, Boolean> settings = new TreeMap<>();
    new CommandLine(new ExitOptions())
        .getCommandSpec()
        .options()
        .forEach(option -> settings.put(name(option), isFlag(option)));
    return settings;
  }

  private static String name(OptionSpec option) {
    return option.longestName().replaceFirst("^--", "");
  }

  private static boolean isFlag(OptionSpec option) {
    return option.arity().max() == 0;
  }

  /**
   * Reads the settings.
   *
   * @throws ConfigException in one line; with file, line and element for what the file says
   */
  ExitSettings read() throws ConfigException {
    List<ConfigXml.Setting> settings = new ArrayList<>();
    if (file != null) {
      ConfigXml.read(file, settings()).stream()
          .filter(setting -> !overruled(setting))
          .forEach(settings::add);
    }
    Reader reader = new Reader();
    try {
      return reader.read(settings, false);
    } catch (ConfigException e) {
      throw blame(reader, settings, e);
    }
  }

  /** Whether the command line says something else; --allow and --open are about the same. */
  private boolean overruled(ConfigXml.Setting setting) {
    return given.contains(setting.name())
        || LETS_IN.contains(setting.name()) && given.stream().anyMatch(LETS_IN::contains);
  }

  /** Gives words their meaning, again and again: to make a parser takes a while. */
  private final class Reader {
    private final ExitOptions options = new ExitOptions();
    private final CommandLine line = new CommandLine(options);

    /**
     * @param open whether everybody is let in if nobody else is
     */
    ExitSettings read(List<ConfigXml.Setting> settings, boolean open) throws ConfigException {
      List<String> all = new ArrayList<>(words);
      settings.stream().map(ConfigXml.Setting::words).forEach(all::addAll);
      if (open && settings.stream().map(ConfigXml.Setting::name).noneMatch(LETS_IN::contains)) {
        all.add("--" + OPEN);
      }
      try {
        line.parseArgs(all.toArray(String[]::new));
        ExitConfig config = options.config();
        config.engine(true, 0); // which checks the rest
        Map<String, String> texts = new TreeMap<>();
        for (OptionSpec option : line.getCommandSpec().options()) {
          texts.put(name(option), String.valueOf(option.<Object>getValue()));
        }
        return new ExitSettings(config, options.log(), texts);
      } catch (CommandLine.PicocliException | IllegalArgumentException e) {
        throw new ConfigException(String.valueOf(e.getMessage()));
      }
    }
  }

  /** Finds the first setting of the file with which the same error comes up. */
  private ConfigException blame(
      Reader reader, List<ConfigXml.Setting> settings, ConfigException error) {
    for (int i = 0; i < settings.size(); i++) {
      try {
        reader.read(settings.subList(0, i + 1), given.stream().noneMatch(LETS_IN::contains));
      } catch (ConfigException e) {
        if (String.valueOf(e.getMessage()).equals(error.getMessage())) {
          ConfigXml.Setting setting = settings.get(i);
          return new ConfigException(
              "%s, line %d: <%s>: %s"
                  .formatted(file, setting.line(), setting.name(), error.getMessage()));
        }
      }
    }
    return file == null || settings.isEmpty()
        ? error
        : new ConfigException(file + ": " + error.getMessage());
  }
}
