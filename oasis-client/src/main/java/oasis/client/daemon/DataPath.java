// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.nio.ByteBuffer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.Effects;
import oasis.io.Arrivals;
import oasis.io.CapturePort;
import oasis.io.CaptureSource;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.ProgramPort;
import oasis.io.RawPort;
import oasis.os.linux.Errno;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.SealedRun;
import oasis.packet.Trailer;
import oasis.packet.Unsealer;
import org.jspecify.annotations.Nullable;

/**
 * Carries bursts between the ports and the engine. Each source hands a bounded batch to the engine
 * and then sends what the engine queued, so that nothing that a port still refers to is read over.
 * Confined to the data loop; nothing here allocates once a carrier is there.
 */
final class DataPath implements Effects {
  private final ProgramPort programs;
  private final RawPort raw;
  private final CapturePort capture;
  private final ToLongFunction<FlowKey> notes;
  private final ClientEngine engine;
  private final Burst burst = new Burst();
  private final Coalescer coalescer;

  /** By the engine's number; OC0, number 0, has none. */
  private final @Nullable CarrierSource[] carriers =
      new @Nullable CarrierSource[ClientEngine.MAX_CARRIERS];

  /** One more than the highest number that has been used. */
  private int end;

  private boolean rawWaits;

  /**
   * @param notes what is noted about the program of a flow; see {@link Effects#notes}
   * @param engineOf makes the engine, which is given this object for its effects
   */
  DataPath(
      ProgramPort programs,
      RawPort raw,
      CapturePort capture,
      ToLongFunction<FlowKey> notes,
      Function<Effects, ClientEngine> engineOf) {
    this.programs = programs;
    this.raw = raw;
    this.capture = capture;
    this.notes = notes;
    coalescer = new Coalescer(programs.udpBursts());
    this.engine = engineOf.apply(this);
  }

  ClientEngine engine() {
    return engine;
  }

  /** Takes what programs send, from whatever reads it. */
  Arrivals fromPrograms() {
    return new FromPrograms();
  }

  /** What arrives from the underlay for the reserved ports, as a source. */
  DataLoop.Source captureSource() {
    return new CaptureSource(capture, new FromUnderlay());
  }

  /** The engine's timers. */
  DataLoop.Timer timer() {
    return new EngineTimer();
  }

  /**
   * Lets a carrier use a port.
   *
   * @param index the engine's number of the carrier
   * @param unsealer checks what comes; null for a carrier without a key
   * @return the source to add to the loop
   */
  DataLoop.Source addCarrier(int index, DatagramPort port, @Nullable Unsealer unsealer) {
    CarrierSource source = new CarrierSource(index, port, unsealer);
    carriers[index] = source;
    end = Math.max(end, index + 1);
    return source;
  }

  /** Forgets a carrier's port; the caller closes it. */
  void removeCarrier(int index) {
    carriers[index] = null;
  }

  @Override
  public void toTun(Burst inbound) {
    programs.write(inbound);
  }

  @Override
  public void toCarrier(int carrier, Burst outbound) {
    CarrierSource source = carriers[carrier];
    if (source != null) {
      source.port.add(outbound);
      source.waits = true;
    }
  }

  @Override
  public int toUnderlay(Burst outbound) {
    rawWaits = true;
    return raw.add(outbound);
  }

  @Override
  public int underlayMtu(long hi, long lo) {
    return raw.mtu(hi, lo);
  }

  @Override
  public long notes(FlowKey program) {
    return notes.applyAsLong(program);
  }

  @Override
  public boolean probe(int carrier) {
    CarrierSource source = carriers[carrier];
    return source != null && !isOffline(source.port.sendEmpty());
  }

  /** Whether a datagram did not leave for want of a way, as told by the errno. */
  private static boolean isOffline(int result) {
    return result == -Errno.ENETUNREACH
        || result == -Errno.EHOSTUNREACH
        || result == -Errno.ENETDOWN
        || result == -Errno.EINVAL; // the address that the socket sends from is gone
  }

  private void flush() {
    programs.flush();
    for (int c = 0; c < end; c++) {
      CarrierSource source = carriers[c];
      if (source != null && source.waits) {
        source.waits = false;
        source.port.flush();
      }
    }
    if (rawWaits) {
      rawWaits = false;
      raw.flush();
    }
  }

  private final class FromPrograms implements Arrivals {
    @Override
    public void onBurst(Burst b, long nowNs) {
      engine.onTun(b, nowNs);
    }

    @Override
    public void onBatchEnd() {
      flush();
    }
  }

  private final class FromUnderlay implements Arrivals {
    @Override
    public void onBurst(Burst b, long nowNs) {
      engine.onUnderlay(b, nowNs);
    }

    @Override
    public void onBatchEnd() {
      flush();
    }
  }

  private final class CarrierSource implements DataLoop.Source {
    private final int index;
    private final DatagramPort port;
    private final @Nullable SealedRun run;
    private boolean waits;

    CarrierSource(int index, DatagramPort port, @Nullable Unsealer unsealer) {
      this.index = index;
      this.port = port;
      run = unsealer == null ? null : new SealedRun((b, at, bytes) -> open(unsealer, b, at, bytes));
    }

    /** With a key, everything that comes has to be sealed by it. */
    private static int open(Unsealer unsealer, ByteBuffer b, int at, int bytes) {
      DropReason why =
          Trailer.ends(b, at, bytes) ? unsealer.open(b, at, bytes) : DropReason.UNSEALED;
      return why == null ? unsealer.keyId() : SealedRun.Opener.refused(why);
    }

    @Override
    public int fd() {
      return port.fd();
    }

    @Override
    public boolean onReadable(long nowNs) {
      int received = port.receive();
      if (received == -Errno.ECONNREFUSED) {
        engine.onRefused(index, nowNs);
        flush();
        return true; // the error was in front of whatever else waits
      }
      for (int i = 0; i < received; i++) {
        message(i, nowNs);
      }
      flush();
      return received == port.slots();
    }

    private void message(int i, long nowNs) {
      SealedRun sealed = run;
      if (sealed != null) {
        sealed(sealed, i, nowNs);
      } else if (port.bytes(i) == 0) {
        engine.onProbeAnswer(index, nowNs);
      } else {
        coalescer.begin(
            port.buffer(i), port.address(i), port.offset(i), port.bytes(i), port.datagramBytes(i));
        hand(nowNs);
      }
    }

    private void sealed(SealedRun sealed, int i, long nowNs) {
      if (port.bytes(i) == 0) {
        engine.drop(DropReason.UNSEALED);
        return;
      }
      sealed.begin(port.buffer(i), port.offset(i), port.bytes(i), port.datagramBytes(i));
      while (sealed.next()) {
        if (sealed.isRefused()) {
          engine.drop(sealed.refused());
        } else if (sealed.isKeepAlive()) {
          engine.onProbeAnswer(index, nowNs);
        } else {
          coalescer.begin(
              port.buffer(i),
              port.address(i),
              sealed.start(),
              sealed.bytes(),
              sealed.datagramBytes(),
              sealed.trailerBytes());
          hand(nowNs);
        }
      }
    }

    private void hand(long nowNs) {
      for (int next = coalescer.next(burst); next != Coalescer.END; next = coalescer.next(burst)) {
        if (next == Coalescer.BURST) {
          engine.onCarrier(index, burst, nowNs);
        } else {
          engine.drop(coalescer.lastDrop());
        }
      }
    }
  }

  private final class EngineTimer implements DataLoop.Timer {
    @Override
    public long nextDeadlineNs() {
      return engine.nextDeadlineNs();
    }

    @Override
    public void onDue(long nowNs) {
      engine.onTimer(nowNs);
      flush();
    }
  }
}
