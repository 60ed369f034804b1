// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.exit.engine.BackendKind;
import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.exit.engine.FlowRecord;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlowWalkTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int FLOWS = 600;
  private static final Address CLIENT = Address.parse("192.0.2.1");

  @TempDir Path directory;

  @Test
  void aFlowIsToldOfOnceItHasLivedForAnHourAndFewAtATime() throws Exception {
    Path file = directory.resolve("flows");
    ExitConfig config = Configs.of(directory, ExitConfig.Backend.KERNEL, ExitConfig.Silence.AUTO);
    ExitEngine engine =
        new ExitEngine(
            config.engine(true, 7),
            BackendKind.KERNEL,
            ByteBuffer.allocateDirect(ExitEngine.MEMORY_BYTES),
            0,
            new Nothing());
    long began = -5 * SECOND; // System.nanoTime may be negative
    for (int i = 0; i < FLOWS; i++) {
      begin(engine, 1000 + i, began);
    }
    begin(engine, 999, began + FlowWalk.PERIOD_NS - SECOND);
    FlowLogSettings settings = new FlowLogSettings(file, 1 << 20, 1);
    try (FlowLog log = new FlowLog(file, settings, Clock.systemUTC())) {
      FlowWalk walk = new FlowWalk(engine, log, config.limits().flows(), began);
      long due = began + FlowWalk.PERIOD_NS;
      assertThat(walk.nextDeadlineNs()).isEqualTo(due);
      walk.onDue(due - 1);
      for (int step = 0; step < 3; step++) {
        assertThat(walk.nextDeadlineNs()).as("step %d", step).isEqualTo(due + step * SECOND);
        walk.onDue(walk.nextDeadlineNs());
      }
      assertThat(walk.nextDeadlineNs()).isEqualTo(due + FlowWalk.PERIOD_NS);
    }
    List<String> lines = Files.readAllLines(file);
    assertThat(lines)
        .hasSize(FLOWS)
        .doesNotHaveDuplicates()
        .allMatch(line -> line.startsWith("{\"event\":\"alive\""))
        .noneMatch(line -> line.contains(":999\""));
  }

  private static void begin(ExitEngine engine, int port, long now) {
    Burst packet =
        Packets.burst(
            Packets.udp(
                Packets.key(Ip.UDP, "192.168.1.7", port, "203.0.113.9", 5000), new byte[] {1}));
    engine.onClient(packet, CLIENT.hi(), CLIENT.lo(), 40001, now);
  }

  /** Carries out nothing. */
  private static final class Nothing implements ExitEffects {
    @Override
    public int toUnderlay(Burst burst, int client) {
      return 0;
    }

    @Override
    public int pathMtu(Burst burst) {
      return 0;
    }

    @Override
    public void replyToUnderlay(Burst burst) {}

    @Override
    public void toClient(Burst burst, int client, int keyId, long hi, long lo, int port) {}

    @Override
    public void replyToClient(Burst burst, int keyId, long hi, long lo, int port) {}

    @Override
    public void keepAlive(int keyId, long hi, long lo, int port) {}

    @Override
    public void flowEnded(FlowRecord flow, EndReason why) {}
  }
}
