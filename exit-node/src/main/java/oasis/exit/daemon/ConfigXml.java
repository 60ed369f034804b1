// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLStreamException;
import oasis.io.config.ConfigException;
import oasis.io.config.StrictXml;
import oasis.os.FileErrors;

/**
 * Reads a configuration file: one element per setting, of the option's name, with its value as
 * text. What is not known is an error that names the line. {@code docs/exit.xsd} is its schema.
 */
final class ConfigXml {
  static final String NAMESPACE = "urn:oasis:exit:1";

  /** Longest file. */
  static final int MAX_BYTES = 1 << 20;

  /** Most settings of a file; prefixes may stand together in one. */
  static final int MAX_SETTINGS = 1000;

  /**
   * One setting.
   *
   * @param words it as an option
   * @param line where it stands
   */
  record Setting(String name, List<String> words, int line) {}

  private ConfigXml() {}

  /**
   * Reads a file.
   *
   * @param known the names of all settings, and whether each is true or false only
   * @throws ConfigException in one line with file and line
   */
  static List<Setting> read(Path file, Map<String, Boolean> known) throws ConfigException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": there is no such file");
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + FileErrors.reason(e));
    }
    return parse(file.toString(), bytes, known);
  }

  /** Reads a document; messages begin with a name. */
  static List<Setting> parse(String file, byte[] bytes, Map<String, Boolean> known)
      throws ConfigException {
    if (bytes.length > MAX_BYTES) {
      throw new ConfigException(file + ": longer than " + MAX_BYTES + " bytes");
    }
    return StrictXml.read(
        file, NAMESPACE, new ByteArrayInputStream(bytes), in -> settings(in, known));
  }

  private static List<Setting> settings(StrictXml in, Map<String, Boolean> known)
      throws XMLStreamException, ConfigException {
    List<Setting> settings = new ArrayList<>();
    in.root("exit");
    in.attributes();
    while (in.nextElement()) {
      String name = in.name();
      Boolean flag = known.get(name);
      if (flag == null) {
        throw new ConfigException("unknown element <" + name + ">");
      }
      if (settings.size() == MAX_SETTINGS) {
        throw new ConfigException("more than " + MAX_SETTINGS + " settings");
      }
      in.element(name);
      in.attributes();
      String value = in.text();
      settings.add(new Setting(name, words(name, value, flag), in.line()));
    }
    return settings;
  }

  private static List<String> words(String name, String value, boolean flag)
      throws ConfigException {
    if (!flag) {
      return List.of("--" + name + "=" + value);
    }
    if (!value.equals("true") && !value.equals("false")) {
      throw new ConfigException("<" + name + "> must be \"true\" or \"false\"");
    }
    return value.equals("true") ? List.of("--" + name) : List.of();
  }
}
