// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.os.linux.DescriptorSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands a running exit node over to the process that is to replace it, as {@link Predecessor} says.
 * The data loop stands still while the state is on its way, and goes on as if nothing had been when
 * the other process fails. Thread-safe.
 */
final class Succession {
  private static final Logger LOG = LoggerFactory.getLogger(Succession.class);

  /** How long the data loop stands still for a successor that does not answer. */
  private static final Duration STANDSTILL = Duration.ofSeconds(3);

  private final DataLoop loop;
  private final Supplier<Estate> estate;
  private final Supplier<byte[]> state;
  private final Runnable gone;
  private final AtomicBoolean busy = new AtomicBoolean();

  /**
   * @param estate what is handed over; called by the data loop
   * @param state of the engine; called by the data loop, which stands still from then on
   * @param gone told that another process carries from now on; called by the data loop
   */
  Succession(DataLoop loop, Supplier<Estate> estate, Supplier<byte[]> state, Runnable gone) {
    this.loop = loop;
    this.estate = estate;
    this.state = state;
    this.gone = gone;
  }

  /**
   * Begins to hand over to who listens at a path.
   *
   * @return false when that is happening already
   */
  boolean begin(Path meeting) {
    if (!busy.compareAndSet(false, true)) {
      return false;
    }
    Thread thread = new Thread(() -> handOver(meeting), "exit-handover");
    thread.setDaemon(true);
    thread.start();
    return true;
  }

  private void handOver(Path meeting) {
    try (DescriptorSocket socket = DescriptorSocket.connect(meeting)) {
      socket.patience(Predecessor.PATIENCE);
      Estate all = loop.call(estate).get();
      socket.send(all.json(), all.files());
      expect(socket, Predecessor.READY);
      socket.patience(STANDSTILL);
      String why = loop.call(() -> standStill(socket)).get();
      if (!why.isEmpty()) {
        throw new OsException(why);
      }
    } catch (OsException | ExecutionException e) {
      LOG.warn("Not replaced, and going on: {}", e.getMessage());
      busy.set(false);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The data loop's part; empty when the other process has taken over, else why not. */
  private String standStill(DescriptorSocket socket) {
    try {
      socket.send(state.get());
      expect(socket, Predecessor.TAKEN);
      socket.send(Predecessor.YOURS);
    } catch (OsException e) {
      return String.valueOf(e.getMessage());
    }
    loop.close(); // before it reads one more packet, which is the other's
    gone.run();
    return "";
  }

  private static void expect(DescriptorSocket socket, byte[] word) throws OsException {
    if (!Arrays.equals(socket.receive().bytes(), word)) {
      throw new OsException("the other process says what nobody understands");
    }
  }
}
