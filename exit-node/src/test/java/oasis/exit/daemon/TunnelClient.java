// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import oasis.io.DataLoop;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.io.LinuxTun;
import oasis.io.TunPort;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import oasis.packet.Burst;
import oasis.packet.Coalescer;

/** The least client there can be: what its TUN device gives goes to the exit, and back. */
final class TunnelClient implements AutoCloseable {
  private static final int MTU = 1400;

  private final LinuxTun tun;
  private final LinuxDatagramPort port;
  private final DataLoop loop;
  private final Burst burst = new Burst();
  private final AtomicInteger keepAlives = new AtomicInteger();

  TunnelClient(String namespace, String device, Endpoint exit) throws Exception {
    tun = Netns.in(namespace, () -> LinuxTun.open(device, MTU));
    port = Netns.in(namespace, () -> LinuxDatagramPort.open(any(exit), exit, 0));
    loop = new DataLoop("test-client");
    Coalescer coalescer = new Coalescer(tun.udpBursts());
    loop.add(source(tun.fd(), this::outbound));
    loop.add(source(port.fd(), () -> inbound(coalescer)));
    loop.start();
  }

  private static Endpoint any(Endpoint exit) {
    return exit.isIpv4() ? Endpoint.anyIpv4(0) : Endpoint.anyIpv6(0);
  }

  private static DataLoop.Source source(int fd, Runnable batch) {
    return new DataLoop.Source() {
      @Override
      public int fd() {
        return fd;
      }

      @Override
      public boolean onReadable(long nowNs) {
        batch.run();
        return false;
      }
    };
  }

  private void outbound() {
    for (int slot = 0; slot < tun.slots(); slot++) {
      int result = tun.read(burst, slot);
      if (result == TunPort.NOTHING) {
        break;
      }
      if (result == TunPort.READ) {
        port.add(burst);
      }
    }
    port.flush();
  }

  private void inbound(Coalescer coalescer) {
    int messages = port.receive();
    for (int i = 0; i < messages; i++) {
      if (port.bytes(i) == 0) {
        keepAlives.incrementAndGet();
        continue;
      }
      coalescer.begin(
          port.buffer(i), port.address(i), port.offset(i), port.bytes(i), port.datagramBytes(i));
      for (int next = coalescer.next(burst); next != Coalescer.END; next = coalescer.next(burst)) {
        if (next == Coalescer.BURST) {
          tun.write(burst);
        }
      }
    }
  }

  /** Sends an empty datagram and waits until exactly one has come back. */
  void assertKeepAlive() throws InterruptedException {
    int before = keepAlives.get();
    assertThat(keepAliveIsAnswered(ExitLab.PATIENCE_S * 1000)).as("an echo").isTrue();
    assertThat(keepAlives.get() - before).as("echoes").isEqualTo(1);
  }

  /** Sends an empty datagram; whether one comes back within this time. */
  boolean keepAliveIsAnswered(int withinMs) throws InterruptedException {
    int before = keepAlives.get();
    loop.submit(port::sendEmpty);
    for (int ms = 0; ms < withinMs && keepAlives.get() == before; ms += 10) {
      Thread.sleep(10);
    }
    return keepAlives.get() > before;
  }

  @Override
  public void close() throws OsException {
    loop.close();
    port.close();
    tun.close();
  }
}
