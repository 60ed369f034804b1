// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.os.linux.DescriptorSocket;
import oasis.os.linux.Sys;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The old node's part of a handover, with a new one that does well or not. */
class SuccessionTest {
  private static final Map<String, String> NODE = Map.of("--ports", "61000-64999");
  private static final byte[] STATE = {1, 2, 3};

  @TempDir Path directory;
  private final AtomicInteger gone = new AtomicInteger();
  private DataLoop loop;
  private DescriptorSocket listener;
  private Succession succession;
  private int file;

  @BeforeEach
  void start() throws Exception {
    file = Sys.memfdCreate("test", 1);
    loop = new DataLoop("test");
    loop.start();
    listener = DescriptorSocket.listen(directory.resolve("s"));
    succession =
        new Succession(
            loop,
            () -> Estate.of(NODE, "oasis_exit", 42, true, file, new int[] {file, file}),
            () -> STATE,
            gone::incrementAndGet);
  }

  @AfterEach
  void end() {
    listener.close();
    loop.close();
    Sys.close(file);
  }

  private DescriptorSocket meet() throws OsException {
    assertThat(succession.begin(directory.resolve("s"))).isTrue();
    DescriptorSocket socket = listener.accept(Duration.ofSeconds(5));
    socket.patience(Duration.ofSeconds(5));
    return socket;
  }

  private boolean loopLives() throws Exception {
    return loop.call(() -> true).handle((yes, no) -> yes != null).get(5, TimeUnit.SECONDS);
  }

  @Test
  void theLoopStandsStillFromTheStateOnAndEndsWhenAllIsTaken() throws Exception {
    try (DescriptorSocket socket = meet()) {
      DescriptorSocket.Message message = socket.receive();
      try (Estate estate = Estate.read(message.bytes(), message.files())) {
        assertThat(estate.seed()).isEqualTo(42);
        assertThat(estate.nextTable()).isEqualTo("oasis_exit_b");
        estate.requireFit(NODE);
        assertThat(estate.isDraining()).isTrue();
        assertThatThrownBy(() -> estate.requireFit(Map.of("--ports", "50000-50999")))
            .hasMessage(
                "cannot replace the running exit node, whose --ports is 61000-64999 and not"
                    + " 50000-50999: stop it first");
        Sys.close(estate.take());
        assertThatThrownBy(() -> estate.takeAll(3)).isInstanceOf(OsException.class);
      }
      assertThat(loopLives()).as("it carries until the new one is ready").isTrue();
      assertThat(succession.begin(directory.resolve("s"))).as("once at a time").isFalse();
      socket.send(Predecessor.READY);
      assertThat(socket.receive().bytes()).isEqualTo(STATE);
      socket.send(Predecessor.TAKEN);
      assertThat(socket.receive().bytes()).isEqualTo(Predecessor.YOURS);
    }
    while (gone.get() == 0) {
      Thread.sleep(1);
    }
    assertThat(loopLives()).isFalse();
  }

  @Test
  void itGoesOnWhenTheNewOneFails() throws Exception {
    for (int step = 0; step < 3; step++) {
      try (DescriptorSocket socket = meet()) {
        socket.receive().discard();
        if (step > 0) {
          socket.send(Predecessor.READY);
          socket.receive();
        }
        if (step > 1) {
          socket.send("nonsense".getBytes(StandardCharsets.US_ASCII));
        }
      }
      assertThat(loopLives()).as("after step " + step).isTrue();
      // It may be asked again as soon as it has seen the end of the connection.
      Thread.sleep(200);
    }
    assertThat(gone).hasValue(0);
  }

  @Test
  void anEstateOfAnotherFormatIsRefused() throws Exception {
    byte[] json = "{\"format\": \"9\"}".getBytes(StandardCharsets.US_ASCII);
    assertThatThrownBy(() -> Estate.read(json, new int[0])).hasMessageContaining("format 9");
    assertThatThrownBy(() -> Estate.read(new byte[3], new int[0])).isInstanceOf(OsException.class);
  }
}
