// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.function.Function;
import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.exit.engine.FlowRecord;
import oasis.exit.engine.QueueConfig;
import oasis.io.Arrivals;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.os.Memory;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import oasis.packet.DropReason;
import oasis.packet.SealedRun;
import oasis.packet.Sealer;
import org.jspecify.annotations.Nullable;

/** Joins ports and engine: what the data loop calls. Confined to the data loop. */
final class Traffic implements ExitEffects, Arrivals {
  private final DatagramPort port;
  private final Side side;
  private final Coalescer coalescer;
  private final @Nullable FlowLog flowLog;
  private final ExitEngine engine;
  private final SealedRun run;
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
    run = new SealedRun(engine.keyring());
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
            onBatchEnd();
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
      engine.onKeepAlive(0, hi, lo, from, now);
      return;
    }
    int each = port.datagramBytes(i);
    if (engine.keyring().isEmpty()) {
      if (engine.admit(0, hi, lo, from, (bytes + each - 1) / each)) {
        coalescer.begin(port.buffer(i), port.address(i), port.offset(i), bytes, each);
        hand(0, hi, lo, from, now);
      }
      return;
    }
    run.begin(port.buffer(i), port.offset(i), bytes, each);
    while (run.next()) {
      part(i, hi, lo, from, now);
    }
  }

  private void part(int i, long hi, long lo, int from, long now) {
    if (run.isRefused()) {
      engine.onBadDatagram(run.refused());
      return;
    }
    int key = run.keyId();
    if (run.isKeepAlive()) {
      engine.onKeepAlive(key, hi, lo, from, now);
    } else if (engine.admit(key, hi, lo, from, run.datagrams())) {
      coalescer.begin(
          port.buffer(i),
          port.address(i),
          run.start(),
          run.bytes(),
          run.datagramBytes(),
          run.trailerBytes());
      hand(key, hi, lo, from, now);
    }
  }

  private void hand(int key, long hi, long lo, int from, long now) {
    for (int next = coalescer.next(burst); next != Coalescer.END; next = coalescer.next(burst)) {
      if (next == Coalescer.BURST) {
        engine.onClient(burst, key, hi, lo, from, now);
      } else {
        engine.onBadPacket(key, hi, lo, from, coalescer.lastDrop());
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
    engine.flushed();
  }

  /** Takes other caps and classes from now on; see {@link ExitEngine#queues}. */
  void queues(QueueConfig config, long now) {
    Memory memory = Memory.allocate(config.memoryBytes());
    engine.queues(config, memory.buffer(), memory.address(), now);
    onBatchEnd();
  }

  @Override
  public int toUnderlay(Burst b, int client) {
    return side.send(b);
  }

  @Override
  public int pathMtu(Burst b) {
    return side.pathMtu(b);
  }

  @Override
  public void replyToUnderlay(Burst b) {
    side.send(b);
    side.flush();
  }

  @Override
  public void toClient(Burst b, int client, int key, long hi, long lo, int to) {
    if (mayLeave(key)) {
      port.add(b, hi, lo, to);
    }
  }

  @Override
  public void replyToClient(Burst b, int key, long hi, long lo, int to) {
    if (mayLeave(key)) {
      port.add(b, hi, lo, to);
      port.flush();
    }
  }

  @Override
  public void keepAlive(int key, long hi, long lo, int to) {
    if (mayLeave(key)) {
      port.sendEmpty(hi, lo, to);
    }
  }

  /** Lets the port seal what comes next; false when the key is gone: nothing leaves without it. */
  private boolean mayLeave(int key) {
    Sealer sealer = key == 0 ? null : engine.keyring().sealer(key);
    if (key != 0 && sealer == null) {
      engine.onBadDatagram(DropReason.UNSEALED);
      return false;
    }
    port.sealWith(sealer);
    return true;
  }

  @Override
  public void flowBegan(FlowRecord flow) {
    if (flowLog != null) {
      flowLog.began(flow);
    }
  }

  @Override
  public void flowEnded(FlowRecord flow, EndReason why) {
    if (flowLog != null) {
      flowLog.ended(flow, why);
    }
  }
}
