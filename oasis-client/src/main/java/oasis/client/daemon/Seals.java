// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import oasis.io.KeyFile;
import oasis.os.OsException;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.TrailerMac;
import oasis.packet.Unsealer;
import org.jspecify.annotations.Nullable;

/**
 * The keys of entry nodes. How far a key has come outlives its sockets: entry nodes with one key
 * share its counter, which must not repeat, and each keeps its own window. Any thread may ask.
 */
final class Seals {
  private final TrailerMac mac = new TrailerMac();
  private final Map<SharedKey, Sealer> sealers = new HashMap<>();
  private final Map<Carriers.Entry, Seal> seals = new HashMap<>();

  /**
   * What seals for an entry node; its key file is read again.
   *
   * @return null for one without a key
   * @throws OsException one line that names the file
   */
  synchronized @Nullable Seal of(Carriers.Entry entry) throws OsException {
    String file = entry.key();
    if (file == null) {
      return null;
    }
    SharedKey key = read(file);
    Seal known = seals.get(entry);
    if (known == null || !known.key().equals(key)) {
      SharedKey.Role role = SharedKey.Role.CLIENT;
      Sealer sealer =
          sealers.computeIfAbsent(
              key, fresh -> new Sealer(fresh, role, KeyFile.freshCounter(), mac));
      known = new Seal(key, sealer, new Unsealer(key, role, mac));
      seals.put(entry, known);
    }
    return known;
  }

  /** Reads the key of an overlay. */
  static SharedKey read(String file) throws OsException {
    try {
      return KeyFile.readOne(Path.of(file));
    } catch (IOException e) {
      throw new OsException(String.valueOf(e.getMessage()), e);
    }
  }
}
