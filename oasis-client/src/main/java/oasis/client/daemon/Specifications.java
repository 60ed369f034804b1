// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import oasis.io.config.ConfigException;
import oasis.os.FileErrors;
import oasis.os.OsException;

/**
 * The specifications of overlays: fetched when the user says so, and the last good one of each kept
 * in the state directory, so that a start needs no network. Thread-safe as far as two threads do
 * not change one overlay.
 */
final class Specifications implements Overlay.Source {
  /** The directory's name inside the state directory. */
  static final String NAME = "overlays";

  private final Path directory;

  /**
   * @param state the state directory
   */
  Specifications(Path state) {
    directory = state.resolve(NAME);
  }

  /**
   * An overlay without asking anybody: from its {@code udp:} URL, or with the specification that is
   * kept, or without entry nodes when none is.
   */
  @Override
  public Overlay of(String name, String url) throws ConfigException {
    if (Overlay.specification(url).isEmpty()) {
      return Overlay.parse(name, url, Overlay.ADDRESSES_ONLY);
    }
    Overlay.checkName(name);
    Path file = file(name, url);
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(Specification.MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      return Overlay.unseen(name, url);
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + FileErrors.reason(e));
    }
    return Overlay.specified(
        url,
        named(
            name,
            file.toString(),
            SpecificationReader.read(file.toString(), bytes, Overlay.ADDRESSES_ONLY)));
  }

  /**
   * An overlay with the specification that its URL leads to now; may wait for servers.
   *
   * @param download fetches it
   * @param resolver asked for hosts that are no addresses
   */
  static Overlay fetch(String name, String url, Download download, Overlay.Resolver resolver)
      throws ConfigException {
    Optional<URI> uri = Overlay.specification(url);
    if (uri.isEmpty()) {
      return Overlay.parse(name, url, resolver);
    }
    Overlay.checkName(name);
    byte[] document = download.fetch(uri.get());
    return Overlay.specified(
        url, named(name, url, SpecificationReader.read(url, document, resolver)));
  }

  private static Specification named(String name, String url, Specification read)
      throws ConfigException {
    if (!read.name().equals(name)) {
      throw new ConfigException(
          url + ": it specifies \"" + read.name() + "\", not \"" + name + "\"; use its name");
    }
    return read;
  }

  /** Keeps an overlay's specification; nothing for an overlay without. */
  void keep(Overlay overlay) throws OsException {
    if (overlay.version() == 0) {
      return;
    }
    Specification specification =
        new Specification(overlay.name(), overlay.version(), overlay.entries(), overlay.mtu());
    try {
      Files.createDirectories(directory);
      ConfigFile.replace(file(overlay.name(), overlay.url()), specification.toXml());
    } catch (IOException e) {
      throw new OsException("the specification cannot be saved: " + e.getMessage(), e);
    }
  }

  /** Forgets what is kept of an overlay. */
  void forget(Overlay overlay) throws OsException {
    Path file = file(overlay.name(), overlay.url());
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new OsException(file + ": " + e.getMessage(), e);
    }
  }

  /** What came from another URL is another overlay's. */
  private Path file(String name, String url) {
    return directory.resolve(name + "-" + Integer.toHexString(url.hashCode()) + ".xml");
  }
}
