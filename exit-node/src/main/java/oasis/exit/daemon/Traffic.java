// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.function.Function;
import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.exit.engine.FlowInfo;
import oasis.exit.engine.FlowRecord;
import oasis.io.Arrivals;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import org.jspecify.annotations.Nullable;

/** Joins ports and engine: what the data loop calls. Confined to the data loop. */
final class Traffic implements ExitEffects, Arrivals {
  private final DatagramPort port;
  private final Side side;
  private final Coalescer coalescer;
  private final @Nullable FlowLog flowLog;
  private final ExitEngine engine;
  private final Burst burst = new Burst();

  /**
   * @param engineOf makes the engine, which is given this object for its effects
   */
  Traffic(
      DatagramPort port,
      Side side,
      @Nullable FlowLog flowLog,
      Function<ExitEffects, ExitEngine> engineOf) {
    this.port = port;
    this.side = side;
    this.flowLog = flowLog;
    coalescer = new Coalescer(side.mergesUdp());
    engine = engineOf.apply(this);
  }

  ExitEngine engine() {
    return engine;
  }

  /** Registers with a loop that has not started. */
  void join(DataLoop loop) {
    loop.add(
        new DataLoop.Source() {
          @Override
          public int fd() {
            return port.fd();
          }

          @Override
          public boolean onReadable(long now) {
            return fromClients(now);
          }
        });
    side.join(loop, this);
    loop.add(
        new DataLoop.Timer() {
          @Override
          public long nextDeadlineNs() {
            return engine.nextDeadlineNs();
          }

          @Override
          public void onDue(long now) {
            engine.onDue(now);
          }
        });
  }

  /** Ends all flows, so that the flow log is complete. */
  void stop(long now) {
    engine.stop(now);
  }

  private boolean fromClients(long now) {
    int messages = port.receive();
    // A negative result is an error left by something sent earlier; it concerns nobody here.
    for (int i = 0; i < messages; i++) {
      message(i, now);
    }
    onBatchEnd();
    return messages == port.slots();
  }

  private void message(int i, long now) {
    long hi = port.sourceHi(i);
    long lo = port.sourceLo(i);
    int from = port.sourcePort(i);
    int bytes = port.bytes(i);
    if (bytes == 0) {
      engine.onKeepAlive(hi, lo, from);
      return;
    }
    int each = port.datagramBytes(i);
    if (!engine.admit(hi, lo, (bytes + each - 1) / each)) {
      return;
    }
    coalescer.begin(port.buffer(i), port.address(i), port.offset(i), bytes, each);
    for (int next = coalescer.next(burst); next != Coalescer.END; next = coalescer.next(burst)) {
      if (next == Coalescer.BURST) {
        engine.onClient(burst, hi, lo, from, now);
      } else {
        engine.onBadPacket(hi, lo, from, coalescer.lastDrop());
      }
    }
  }

  @Override
  public void onBurst(Burst b, long now) {
    engine.onUnderlay(b, now);
  }

  @Override
  public void onBatchEnd() {
    side.flush();
    port.flush();
  }

  @Override
  public int toUnderlay(Burst b) {
    return side.send(b);
  }

  @Override
  public void replyToUnderlay(Burst b) {
    side.send(b);
    side.flush();
  }

  @Override
  public void toClient(Burst b, long hi, long lo, int to) {
    port.add(b, hi, lo, to);
  }

  @Override
  public void replyToClient(Burst b, long hi, long lo, int to) {
    port.add(b, hi, lo, to);
    port.flush();
  }

  @Override
  public void keepAlive(long hi, long lo, int to) {
    port.sendEmpty(hi, lo, to);
  }

  @Override
  public void flowEnded(FlowRecord flow, EndReason why) {
    if (flowLog != null) {
      flowLog.add(FlowInfo.of(flow, System.nanoTime()), why);
    }
  }
}
