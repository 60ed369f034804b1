// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Coalescer;

/**
 * The smallest tunnel: what a TUN device gives goes to a peer by UDP, and back. For tests of a
 * whole turn, and by {@link #main} for measuring what the ports alone can carry.
 */
final class Forwarder {
  private final TunPort tun;
  private final DatagramPort port;
  private final Coalescer coalescer;
  private final Burst burst = new Burst();

  Forwarder(TunPort tun, DatagramPort port) {
    this.tun = tun;
    this.port = port;
    coalescer = new Coalescer(tun.udpBursts());
  }

  /** Reads one batch of the TUN device and sends it. */
  boolean outbound() {
    int slot = 0;
    int result = TunPort.NOTHING;
    while (slot < tun.slots()) {
      result = tun.read(burst, slot);
      if (result == TunPort.READ) {
        port.add(burst);
        slot++;
      } else if (result != TunPort.DROPPED) {
        break;
      }
    }
    port.flush();
    return slot == tun.slots();
  }

  /** Receives one batch from the peer and writes it to the TUN device. */
  boolean inbound() {
    int messages = port.receive();
    for (int i = 0; i < messages; i++) {
      coalescer.begin(
          port.buffer(i), port.address(i), port.offset(i), port.bytes(i), port.datagramBytes(i));
      for (int r = coalescer.next(burst); r != Coalescer.END; r = coalescer.next(burst)) {
        if (r == Coalescer.BURST) {
          tun.write(burst);
        }
      }
    }
    return messages == port.slots();
  }

  /** Puts both directions on a loop. */
  void addTo(DataLoop loop) {
    loop.add(source(tun.fd(), this::outbound));
    loop.add(source(port.fd(), this::inbound));
  }

  private interface Batch {
    boolean run();
  }

  private static DataLoop.Source source(int fd, Batch batch) {
    return new DataLoop.Source() {
      @Override
      public int fd() {
        return fd;
      }

      @Override
      public boolean onReadable(long nowNs) {
        return batch.run();
      }
    };
  }

  /**
   * Runs until it is killed: {@code TUN MTU LOCAL-ADDRESS LOCAL-PORT PEER-ADDRESS PEER-PORT
   * [BUSY-POLL-NS]}.
   */
  public static void main(String[] args) throws Exception {
    LinuxTun tun = LinuxTun.open(args[0], Integer.parseInt(args[1]));
    LinuxDatagramPort port =
        LinuxDatagramPort.open(endpoint(args[2], args[3]), endpoint(args[4], args[5]), 0);
    DataLoop loop = new DataLoop("forwarder");
    loop.busyPoll(args.length > 6 ? Long.parseLong(args[6]) : 0);
    new Forwarder(tun, port).addTo(loop);
    loop.start();
    System.err.println("ready: " + tun.offloads() + "; " + port.offloads());
    for (long last = 0; ; ) {
      Thread.sleep(5000);
      PortCounters.Snapshot t = loop.call(() -> tun.counters().snapshot()).get();
      PortCounters.Snapshot u = loop.call(() -> port.counters().snapshot()).get();
      if (t.inPkts() + t.outPkts() > last + 1000) {
        System.err.println("tun " + t + "\nudp " + u + " failures " + loop.failures());
      }
      last = t.inPkts() + t.outPkts();
    }
  }

  private static Endpoint endpoint(String address, String port) {
    Address a = Address.parse(address);
    return new Endpoint(a.hi(), a.lo(), Integer.parseInt(port));
  }
}
