// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import oasis.lab.Blob;
import oasis.lab.Family;
import oasis.lab.Lab;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The data loops of client and exit node, as whole processes with real programs, allocate nothing
 * for a packet: in both directions, of both families, whatever carries it. What they allocate on
 * their timers is far less than one byte for a packet.
 */
@Timeout(600)
class NoGarbageIT {
  private static final long BYTES = 50_000_000;
  private static final long PACKET_BYTES = 1400;
  private static final List<String> THREADS = List.of("data", "exit-data");

  @TempDir static Path directory;
  private static Lab lab;
  private static Transfers transfers;

  @BeforeAll
  static void network() throws Exception {
    Lab.assumePossible();
    lab = Lab.start(directory);
    transfers = Transfers.start(lab, Blob.write(lab.file("blob"), BYTES, 6));
  }

  @AfterAll
  static void end() {
    if (lab != null) {
      lab.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void packetsCostNoMemory(Deployment deployment) throws Exception {
    deployment.start(lab, List.of(Transfers.RULE));
    try {
      transfer(deployment); // what is made once
      long before = lab.daemons().allocatedBytes(THREADS);
      transfer(deployment);
      long packets = 2L * Family.values().length * BYTES / PACKET_BYTES;
      assertThat(lab.daemons().allocatedBytes(THREADS) - before)
          .as("bytes for %d packets", packets)
          .isLessThan(packets);
    } finally {
      Deployment.stop(lab);
    }
  }

  private static void transfer(Deployment deployment) throws Exception {
    for (Family family : Family.values()) {
      transfers.assertUp(deployment, family);
      transfers.assertDown(family);
    }
  }
}
