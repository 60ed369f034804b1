// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import oasis.exit.engine.BackendKind;
import oasis.exit.engine.ExitLimits;
import oasis.exit.engine.QueueConfig;
import oasis.io.DataLoop;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.io.Rehearsal;
import oasis.os.OsException;
import oasis.packet.Checksum;
import oasis.packet.Prefix;

/** The exit node's packet path plays for itself: a client talks to a server through it. */
final class ExitRehearsal implements Rehearsal.Play {
  private static final int ROUNDS = 6000;
  private static final int PORT = 4799;
  private static final int FIRST_PORT = 61_000;
  private static final int LAST_PORT = 61_015;
  private static final long SEED = 1;
  private static final int PACKET_BYTES = 64;
  private static final int IP_BYTES = 20;
  private static final int CLIENT = 100 << 24 | 64 << 16 | 7;
  private static final int SERVER = 198 << 24 | 18 << 16 | 1;
  private static final int DISCARD = 9;
  private static final ExitLimits LIMITS = new ExitLimits(16, 8, 64, 64, 1000);

  private final ExitConfig config;
  private final BackendKind backend;

  /** Not yet played. */
  ExitRehearsal(ExitConfig config, BackendKind backend) {
    this.config = config;
    this.backend = backend;
  }

  @Override
  public void run(Rehearsal stage) throws Exception {
    play(
        stage,
        staged(config.control().resolveSibling(config.control().getFileName() + "-rehearsal")));
  }

  private ExitConfig staged(Path control) {
    ExitConfig.Raw raw = config.raw();
    return new ExitConfig(
        Endpoint.ipv4(127, 0, 0, 1, PORT),
        List.of(Prefix.parse("127.0.0.0/8")),
        false,
        Members.NONE,
        List.of(Prefix.parse("198.18.0.0/15")),
        List.of(),
        config.pool(),
        config.pool6(),
        config.tun(),
        config.mtu(),
        LIMITS,
        config.nat(),
        QueueConfig.NONE,
        config.backend(),
        new ExitConfig.Raw(
            FIRST_PORT, LAST_PORT, raw.send(), ExitConfig.Silence.SOCKETS, List.of()),
        control,
        config.flowLog(),
        null);
  }

  private void play(Rehearsal stage, ExitConfig staged) throws OsException, IOException {
    Side side =
        backend == BackendKind.KERNEL
            ? KernelSide.open(staged, false, stage.runner(), () -> {}, null)
            : RawSide.open(staged, ExitConfig.Silence.SOCKETS, true, stage.runner(), null);
    try (LinuxDatagramPort port = LinuxDatagramPort.open(staged.listen(), null, 0);
        DataLoop loop = new DataLoop("rehearsal-data")) {
      new Beginning(staged.engine(false, SEED), backend, port, side, null, traffic -> {})
          .traffic(null, loop);
      loop.start();
      stage.talk(Rehearsal.at("127.0.0.1", PORT), packet(), ROUNDS);
    } finally {
      side.close();
    }
  }

  /** A client's IPv4 packet of UDP, without a checksum of its own (RFC 768). */
  private static byte[] packet() {
    ByteBuffer b = ByteBuffer.allocate(PACKET_BYTES);
    b.putShort(0, (short) 0x4500).putShort(2, (short) PACKET_BYTES);
    b.putShort(8, (short) 0x4011);
    b.putInt(12, CLIENT).putInt(16, SERVER);
    b.putShort(10, (short) Checksum.finish(Checksum.sum(b, 0, IP_BYTES, 0)));
    b.putShort(IP_BYTES, (short) FIRST_PORT).putShort(IP_BYTES + 2, (short) DISCARD);
    b.putShort(IP_BYTES + 4, (short) (PACKET_BYTES - IP_BYTES));
    return b.array();
  }
}
