// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import oasis.packet.SharedKey;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
  private static final String A = "0a".repeat(32);
  private static final String B = "0b".repeat(32);

  @TempDir Path directory;

  private Path file(String text) throws IOException {
    return file(text, "rw-------");
  }

  private Path file(String text, String mode) throws IOException {
    Path file = directory.resolve("keys");
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    return file;
  }

  @Test
  void commentsAndEmptyLinesDoNotCount() throws Exception {
    Path file = file("# of the lab\n\n7 " + A + " alice # her laptop\n  8\t" + B + "\r\n");
    assertThat(KeyFile.read(file))
        .extracting(SharedKey::toString)
        .containsExactly("key 7 (alice)", "key 8");
    assertThatThrownBy(() -> KeyFile.readOne(file)).hasMessageContaining("holds one key");
    assertThat(KeyFile.readOne(file("7 " + A)).id()).isEqualTo(7);
  }

  @Test
  void whatOthersCanReadOrWriteIsRefused() throws Exception {
    for (String mode : new String[] {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-"}) {
      Path file = file("7 " + A, mode);
      assertThatThrownBy(() -> KeyFile.read(file))
          .as(mode)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("chmod 600 " + file);
    }
    assertThat(KeyFile.read(file("7 " + A, "r--------"))).hasSize(1);
  }

  @Test
  void nobodyIsToldToChangeTheModeOfADirectoryOrDevice() {
    for (Path place : new Path[] {directory, Path.of("/tmp"), Path.of("/dev/null")}) {
      assertThatThrownBy(() -> KeyFile.read(place))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(place + ": ")
          .hasMessageNotContaining("chmod");
    }
  }

  @Test
  void aMistakeIsNamedWithItsLineButNotTheSecret() throws Exception {
    assertBad("7 " + A + "\n7 " + B, "line 2: key 7 stands in line 1 already");
    assertBad("7 " + A + "\nx " + B, "line 2: the number of a key is not 'x'");
    assertBad("\n\n7 " + A + "0", "line 3: the secret must be 64 hexadecimal digits");
    assertBad("# nothing\n", "it holds no key");
    assertThatThrownBy(() -> KeyFile.read(directory.resolve("none")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no such key file");
  }

  private void assertBad(String text, String says) throws IOException {
    Path file = file(text);
    assertThatThrownBy(() -> KeyFile.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(says)
        .hasMessageNotContaining(A)
        .hasMessageNotContaining(B);
  }

  @Test
  void anyBytesAreReadOrRefused() {
    Gen.cases(
        200,
        gen -> {
          byte[] bytes = gen.bytes(gen.below(300));
          Path file = directory.resolve("any");
          Files.write(file, bytes);
          Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
          try {
            assertThat(KeyFile.read(file)).isNotEmpty();
          } catch (IOException e) {
            assertThat(e).hasMessageContaining(file.toString());
          }
        });
  }

  @Test
  void aFreshCounterIsLaterThanTheOneBefore() throws Exception {
    long before = KeyFile.freshCounter();
    Thread.sleep(1);
    assertThat(KeyFile.freshCounter()).isGreaterThan(before);
  }
}
