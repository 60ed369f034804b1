// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.exit.engine.FlowInfo;
import oasis.exit.engine.FlowRecord;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.TunPort;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import org.jspecify.annotations.Nullable;

/** Joins ports and engine: what the data loop calls. Confined to the data loop. */
final class Traffic implements ExitEffects {
  private final ExitEngine engine;
  private final TunPort tun;
  private final DatagramPort port;
  private final Coalescer coalescer;
  private final @Nullable FlowLog flowLog;
  private final Runnable tunGone;
  private final Burst burst = new Burst();
  private long nowNs;

  /**
   * @param tunGone told when somebody has deleted the TUN device: nothing can be carried any more
   */
  Traffic(
      ExitEngine engine,
      TunPort tun,
      DatagramPort port,
      Coalescer coalescer,
      @Nullable FlowLog flowLog,
      Runnable tunGone) {
    this.engine = engine;
    this.tun = tun;
    this.port = port;
    this.coalescer = coalescer;
    this.flowLog = flowLog;
    this.tunGone = tunGone;
  }

  /** Registers with a loop that has not started. */
  void join(DataLoop loop) {
    loop.add(source(port.fd(), this::fromClients));
    loop.add(source(tun.fd(), this::fromTun));
    loop.add(
        new DataLoop.Timer() {
          @Override
          public long nextDeadlineNs() {
            return engine.nextDeadlineNs();
          }

          @Override
          public void onDue(long now) {
            nowNs = now;
            engine.onDue(now, Traffic.this);
          }
        });
  }

  /** Ends all flows, so that the flow log is complete. */
  void stop(long now) {
    nowNs = now;
    engine.stop(now, this);
  }

  private interface Batch {
    boolean read(long now);
  }

  private static DataLoop.Source source(int fd, Batch batch) {
    return new DataLoop.Source() {
      @Override
      public int fd() {
        return fd;
      }

      @Override
      public boolean onReadable(long now) {
        return batch.read(now);
      }
    };
  }

  private boolean fromClients(long now) {
    nowNs = now;
    int messages = port.receive();
    // A negative result is an error left by something sent earlier; it concerns nobody here.
    for (int i = 0; i < messages; i++) {
      message(i);
    }
    port.flush();
    return messages == port.slots();
  }

  private void message(int i) {
    long hi = port.sourceHi(i);
    long lo = port.sourceLo(i);
    int from = port.sourcePort(i);
    int bytes = port.bytes(i);
    if (bytes == 0) {
      engine.onKeepAlive(hi, lo, from, this);
      return;
    }
    int each = port.datagramBytes(i);
    if (!engine.admit(hi, lo, (bytes + each - 1) / each)) {
      return;
    }
    coalescer.begin(port.buffer(i), port.address(i), port.offset(i), bytes, each);
    for (int next = coalescer.next(burst); next != Coalescer.END; next = coalescer.next(burst)) {
      if (next == Coalescer.BURST) {
        engine.onClient(burst, hi, lo, from, nowNs, this);
      } else {
        engine.onBadPacket(hi, lo, from, coalescer.lastDrop());
      }
    }
  }

  private boolean fromTun(long now) {
    nowNs = now;
    int slot = 0;
    for (; slot < tun.slots(); slot++) {
      int result = tun.read(burst, slot);
      if (result == TunPort.NOTHING) {
        break;
      }
      if (result == TunPort.GONE) {
        tunGone.run();
        break;
      }
      if (result == TunPort.READ) {
        engine.onTun(burst, now, this);
      }
    }
    port.flush();
    return slot == tun.slots();
  }

  @Override
  public void toTun(Burst b) {
    tun.write(b);
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
      flowLog.add(FlowInfo.of(flow, nowNs), why);
    }
  }
}
