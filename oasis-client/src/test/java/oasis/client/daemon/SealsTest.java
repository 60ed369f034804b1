// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import oasis.io.Endpoint;
import oasis.os.OsException;
import oasis.packet.Trailer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealsTest {
  @TempDir Path directory;
  private final Seals seals = new Seals();

  private String key(String secret) throws Exception {
    Path file = directory.resolve("key");
    Files.writeString(file, "7 " + secret.repeat(32));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file.toString();
  }

  private Seal of(String key, int host) throws OsException {
    Endpoint at = Endpoint.ipv4(192, 0, 2, host, 4700);
    return Objects.requireNonNull(seals.of(new Carriers.Entry("ron", at, key)));
  }

  private static long counter(Seal seal) {
    ByteBuffer trailer = ByteBuffer.allocate(Trailer.BYTES);
    seal.sealer().seal(trailer, 0);
    return trailer.getLong(4);
  }

  @Test
  void entryNodesWithOneKeyShareItsCounterOverAllTheirSockets() throws Exception {
    String key = key("1f");
    long first = counter(of(key, 1));
    assertThat(counter(of(key, 2))).isEqualTo(first + 1);
    assertThat(counter(of(key, 1))).isEqualTo(first + 2);
  }

  @Test
  void eachEntryNodeKeepsAWindowOfItsOwn() throws Exception {
    String key = key("1f");
    Seal one = of(key, 1);
    assertThat(of(key, 1)).isSameAs(one);
    assertThat(of(key, 2).unsealer()).isNotSameAs(one.unsealer());
  }

  @Test
  void anotherKeyInTheFileIsTakenWithTheNextSocket() throws Exception {
    Seal before = of(key("1f"), 1);
    Seal after = of(key("2f"), 1);
    assertThat(after.key()).isNotEqualTo(before.key());
    assertThat(after.sealer()).isNotSameAs(before.sealer());
  }

  @Test
  void withoutItsFileThereIsNoSocketAndWithoutAKeyNoSeal() throws Exception {
    Path none = directory.resolve("none");
    assertThatThrownBy(() -> of(none.toString(), 1))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("no such key file");
    Endpoint at = Endpoint.ipv4(192, 0, 2, 1, 4700);
    assertThat(seals.of(new Carriers.Entry("ron", at, null))).isNull();
  }
}
