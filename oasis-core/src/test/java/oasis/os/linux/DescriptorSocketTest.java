// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import oasis.os.OsException;
import oasis.testkit.Gen;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorSocketTest {
  @TempDir Path directory;
  private DescriptorSocket a;
  private DescriptorSocket b;

  @BeforeEach
  void connect() throws Exception {
    Path path = directory.resolve("s");
    try (DescriptorSocket listener = DescriptorSocket.listen(path)) {
      a = DescriptorSocket.connect(path);
      b = listener.accept(Duration.ofSeconds(5));
    }
    a.patience(Duration.ofSeconds(5));
    b.patience(Duration.ofSeconds(5));
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
  }

  private static CompletableFuture<Void> sending(DescriptorSocket from, byte[] bytes, int... fds) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            from.send(bytes, fds);
          } catch (OsException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void messagesOfAnyLengthArriveWholeAndInOrder() throws Exception {
    Gen gen = new Gen(Gen.baseSeed());
    for (int length : new int[] {0, 1, 65_536, 3_000_000}) {
      byte[] bytes = gen.bytes(length);
      CompletableFuture<Void> sent = sending(a, bytes);
      DescriptorSocket.Message got = b.receive();
      assertThat(got.bytes()).isEqualTo(bytes);
      assertThat(got.files()).isEmpty();
      sent.join();
    }
  }

  @Test
  void openFilesArriveInOrderHoweverMany() throws Exception {
    int[] files = new int[600];
    for (int i = 0; i < files.length; i++) {
      files[i] = Sys.memfdCreate("test", 1);
      Files.write(Path.of("/proc/self/fd/" + files[i]), new byte[] {(byte) i});
    }
    CompletableFuture<Void> sent = sending(a, new byte[] {7}, files);
    DescriptorSocket.Message got = b.receive();
    sent.join();
    assertThat(got.bytes()).containsExactly(7);
    assertThat(got.files()).hasSize(files.length).doesNotContain(files);
    for (int i = 0; i < files.length; i++) {
      byte[] content = Files.readAllBytes(Path.of("/proc/self/fd/" + got.files()[i]));
      assertThat(content).endsWith((byte) i);
    }
    got.discard();
    Arrays.stream(files).forEach(Sys::close);
  }

  @Test
  void whoIsSilentIsNotWaitedForLong() throws Exception {
    b.patience(Duration.ofMillis(50));
    assertThatThrownBy(b::receive).hasMessage("the other process does not answer");
  }

  @Test
  void whoHasGoneIsNoticed() {
    a.close();
    assertThatThrownBy(b::receive).hasMessage("the other process has gone");
    assertThatThrownBy(
            () -> {
              b.send(new byte[1]);
              b.send(new byte[1]);
            })
        .hasMessage("the other process has gone");
  }
}
