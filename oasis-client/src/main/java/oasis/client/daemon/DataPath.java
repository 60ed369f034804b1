// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.function.Function;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.Effects;
import oasis.io.Arrivals;
import oasis.io.CapturePort;
import oasis.io.CaptureSource;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.RawPort;
import oasis.io.TunPort;
import oasis.io.TunSource;
import oasis.os.linux.ConnectionLabels;
import oasis.os.linux.Errno;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import oasis.packet.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * Carries bursts between the ports and the engine. Each source hands a bounded batch to the engine
 * and then sends what the engine queued, so that nothing that a port still refers to is read over.
 * Confined to the data loop; nothing here allocates once a carrier is there.
 */
final class DataPath implements Effects {
  private final TunPort tun;
  private final RawPort raw;
  private final CapturePort capture;
  private final ConnectionLabels labels;
  private final ClientEngine engine;
  private final Burst burst = new Burst();
  private final Coalescer coalescer;
  private final Runnable tunGone;

  /** By the engine's number; OC0, number 0, has none. */
  private final @Nullable CarrierSource[] carriers =
      new @Nullable CarrierSource[ClientEngine.MAX_CARRIERS];

  /** One more than the highest number that has been used. */
  private int end;

  private boolean rawWaits;

  /**
   * @param labels where the kernel's notes about the programs of connections are read
   * @param tunGone told when somebody has deleted the TUN device: nothing can be carried any more
   * @param engineOf makes the engine, which is given this object for its effects
   */
  DataPath(
      TunPort tun,
      RawPort raw,
      CapturePort capture,
      ConnectionLabels labels,
      Runnable tunGone,
      Function<Effects, ClientEngine> engineOf) {
    this.tun = tun;
    this.raw = raw;
    this.capture = capture;
    this.labels = labels;
    this.tunGone = tunGone;
    coalescer = new Coalescer(tun.udpBursts());
    this.engine = engineOf.apply(this);
  }

  ClientEngine engine() {
    return engine;
  }

  /** The TUN device as a source. */
  DataLoop.Source tunSource() {
    return new TunSource(tun, new FromPrograms(), tunGone);
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
   * @return the source to add to the loop
   */
  DataLoop.Source addCarrier(int index, DatagramPort port) {
    CarrierSource source = new CarrierSource(index, port);
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
    tun.write(inbound);
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
    return labels.upper(program);
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
    private boolean waits;

    CarrierSource(int index, DatagramPort port) {
      this.index = index;
      this.port = port;
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
        if (port.bytes(i) == 0) {
          engine.onProbeAnswer(index, nowNs);
        } else {
          hand(i, nowNs);
        }
      }
      flush();
      return received == port.slots();
    }

    private void hand(int i, long nowNs) {
      coalescer.begin(
          port.buffer(i), port.address(i), port.offset(i), port.bytes(i), port.datagramBytes(i));
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
