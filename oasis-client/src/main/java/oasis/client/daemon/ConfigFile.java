// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import oasis.io.config.ConfigException;
import oasis.os.FileErrors;
import oasis.rules.Rule;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code client.xml} in the state directory, in which overlays and rules outlive the
 * client. It is read whole or not at all, and replaced in one step, so that a crash leaves the old
 * or the new one. Used by one thread at a time.
 */
final class ConfigFile {
  /** The file's name inside the state directory. */
  static final String NAME = "client.xml";

  /** Most bytes that are read: 100,000 rules of 160 characters. */
  static final int MAX_BYTES = 16 << 20;

  /** Of a file that does not exist. */
  private static final String NOTHING = "";

  private final Path path;
  private final Overlay.Source source;

  private volatile String lastRead = NOTHING;

  /** Digest of the file whose content is in force; whatever else is there is an edit. */
  private volatile String inForce = NOTHING;

  /**
   * @param source knows what is behind the overlays' URLs
   */
  ConfigFile(Path stateDirectory, Overlay.Source source) {
    this.path = stateDirectory.resolve(NAME);
    this.source = source;
  }

  /**
   * Reads the file; when its content is in force, {@link #accept} says so.
   *
   * @return what it holds; nothing when there is no file
   * @throws ConfigException one line with file and line number
   */
  ClientConfig read() throws ConfigException {
    byte @Nullable [] bytes = bytes();
    ClientConfig config = parse(bytes, source);
    lastRead = digest(bytes);
    return config;
  }

  /** What was read last is in force from now on. */
  void accept() {
    inForce = lastRead;
  }

  /**
   * Looks whether the file can be read, with another source, which may fetch what is not at hand.
   */
  void check(Overlay.Source fetching) throws ConfigException {
    parse(bytes(), fetching);
  }

  private ClientConfig parse(byte @Nullable [] bytes, Overlay.Source from) throws ConfigException {
    return bytes == null
        ? ClientConfig.EMPTY
        : new ConfigReader(path.toString(), new ByteArrayInputStream(bytes), from).read();
  }

  private byte @Nullable [] bytes() throws ConfigException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be read: " + FileErrors.reason(e));
    }
    if (bytes.length > MAX_BYTES) {
      throw new ConfigException(path + ": longer than " + MAX_BYTES + " bytes");
    }
    return bytes;
  }

  private static String digest(byte @Nullable [] bytes) {
    if (bytes == null) {
      return NOTHING;
    }
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /**
   * Replaces the file. When this returns the new one is on the disk; when it throws, the old one
   * stands.
   *
   * @throws IOException also when somebody has edited the file since it was read: his work is not
   *     thrown away
   */
  void write(ClientConfig config) throws IOException {
    String there;
    try {
      there = digest(bytes());
    } catch (ConfigException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (!there.equals(NOTHING) && !there.equals(inForce)) {
      throw new IOException(
          path + " has been edited meanwhile; put that in force first, by \"reload\"");
    }
    String xml = toXml(config);
    replace(path, xml);
    inForce = digest(xml.getBytes(UTF_8));
  }

  /** Whether two configurations are the same in the file, which has no specifications in it. */
  static boolean same(ClientConfig one, ClientConfig other) {
    return one.rules().equals(other.rules())
        && one.disabled().equals(other.disabled())
        && one.options().equals(other.options())
        && lines(one).equals(lines(other));
  }

  private static List<List<@Nullable String>> lines(ClientConfig config) {
    List<List<@Nullable String>> lines = new ArrayList<>();
    for (Overlay overlay : config.overlays()) {
      lines.add(Arrays.asList(overlay.name(), overlay.url(), overlay.key()));
    }
    return lines;
  }

  /** Replaces a file by one for its owner only, in one step; afterwards it is on the disk. */
  static void replace(Path path, String text) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (FileChannel out = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    // The rename itself is on the disk only once the directory is.
    Path directory = path.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
        parent.force(true);
      }
    }
  }

  /** The document that reads back as {@code config}. */
  static String toXml(ClientConfig config) {
    StringBuilder xml = new StringBuilder(256);
    xml.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.append("<client xmlns=\"").append(ConfigReader.NAMESPACE).append('"');
    ClientOptions options = config.options();
    attribute(xml, ConfigReader.MEDIATE, options.mediate() ? "true" : null);
    attribute(xml, ConfigReader.FAKE_RANGE, options.fakeRange());
    attribute(xml, ConfigReader.FAKE_RANGE6, options.fakeRange6());
    attribute(xml, ConfigReader.BUILT_IN_NEVER_FAKED, options.builtInNeverFaked() ? null : "false");
    xml.append(">\n");
    for (String pattern : options.neverFaked()) {
      xml.append("  <").append(ConfigReader.NEVER_FAKE).append('>').append(escape(pattern));
      xml.append("</").append(ConfigReader.NEVER_FAKE).append(">\n");
    }
    for (Overlay overlay : config.overlays()) {
      xml.append("  <overlay name=\"").append(escape(overlay.name()));
      xml.append("\" url=\"").append(escape(overlay.url())).append('"');
      attribute(xml, ConfigReader.KEY, overlay.key());
      xml.append("/>\n");
    }
    for (Rule rule : config.rules()) {
      xml.append(config.disabled().contains(rule) ? "  <rule disabled=\"true\">" : "  <rule>");
      xml.append(escape(rule.toString())).append("</rule>\n");
    }
    return xml.append("</client>\n").toString();
  }

  private static void attribute(StringBuilder xml, String name, @Nullable String value) {
    if (value != null) {
      xml.append(' ').append(name).append("=\"").append(escape(value)).append('"');
    }
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        default -> escaped.append(c);
      }
    }
    return escaped.toString();
  }
}
