// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToLongFunction;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.EngineConfig;
import oasis.client.engine.Scratch;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.io.CapturePort;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.io.ProgramPort;
import oasis.io.RawSender;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.packet.FlowKey;

/**
 * What carries the packets of a client, before anybody gives it any: the same whether programs send
 * by a TUN device or by something else. Made by the thread that starts the client; everything but
 * {@code loop} and {@code carriers} is confined to the data loop once that turns.
 */
record Packets(
    DataLoop loop,
    Carriers carriers,
    DataPath path,
    RawSender raw,
    Underlay underlay,
    NatEngine nat,
    FakeStores fakes) {
  private static final int MAX_NAT_SESSIONS = 65_536;

  /**
   * What differs between clients.
   *
   * @param port takes packets to programs
   * @param tun name of the device that is no way to the underlay; empty when there is none
   * @param mark of all sockets; 0 for none
   * @param notes what is noted about the program of a flow
   */
  record Side(ProgramPort port, String tun, int mark, ToLongFunction<FlowKey> notes) {}

  /** Opens all of it, but for the fake addresses, which it is given. */
  static Packets open(Undo undo, FakeStores fakes, ClientNetworkConfig network, Side side)
      throws OsException, IOException {
    long seed = secret();
    RawSender raw = undo.add("raw sockets", RawSender.open(RawSender.Way.AUTO, side.mark()));
    NatLimits limits =
        new NatLimits(
            network.reservedFirst(), network.reservedLast(), MAX_NAT_SESSIONS, MAX_NAT_SESSIONS, 1);
    Underlay underlay = Underlay.open(side.tun(), network.ipv6(), limits);
    CapturePort capture = undo.add("capture", underlay.capture());
    NatEngine nat = new NatEngine(limits, seed);
    underlay.addresses().give(nat);
    Memory memory = Memory.allocate(Scratch.BYTES);
    Scratch scratch = new Scratch(memory.buffer(), memory.address());
    EngineConfig engine = EngineConfig.defaults(network.mtu(), seed);
    DataPath path =
        new DataPath(
            side.port(),
            raw,
            capture,
            side.notes(),
            out -> new ClientEngine(engine, fakes.pool4(), fakes.pool6(), nat, scratch, out));
    path.engine().setMediate(network.mediate());
    DataLoop loop = new DataLoop("data"); // a name that supervisor.sh knows
    Carriers carriers =
        undo.add("carriers", new Carriers(loop, path, entry -> carrier(entry, side.mark())));
    raw.join(loop);
    fakes.join(loop);
    return new Packets(loop, carriers, path, raw, underlay, nat, fakes);
  }

  private static DatagramPort carrier(Endpoint entry, int mark) throws OsException {
    Endpoint local = entry.isIpv4() ? Endpoint.anyIpv4(0) : Endpoint.anyIpv6(0);
    return LinuxDatagramPort.open(local, entry, mark);
  }

  /** Starts the loop, which has the sources of what programs send already. */
  void turn(Undo undo) {
    undo.add("data loop", loop);
    loop.add(path.captureSource());
    loop.add(path.timer());
    loop.start();
  }

  /** Follows the host's addresses and links; on the thread that owns the configuration. */
  void follow() throws OsException {
    underlay.follow(loop, nat, path.engine());
  }

  /** A secret from the kernel; the JDK's generators take 50 ms to load. */
  static long secret() throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(Path.of("/dev/urandom")))) {
      return in.readLong();
    }
  }
}
