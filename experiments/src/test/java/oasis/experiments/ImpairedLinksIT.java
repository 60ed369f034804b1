// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.ToLongFunction;
import oasis.emulator.Node;
import oasis.emulator.hub.WireReport;
import oasis.lab.Blob;
import oasis.lab.Family;
import oasis.lab.KernelCounters;
import oasis.lab.Lab;
import oasis.lab.NumberedDatagrams;
import oasis.link.LinkSettings;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * On links that lose, reorder and duplicate packets, on both sides of the exit node, streams stay
 * whole; no datagram is changed, made up, or lost but by a link.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Deployment.class)
@Timeout(600)
class ImpairedLinksIT extends EachDeployment {
  private static final long BYTES = Long.getLong("oasis.impaired.bytes", 10_000_000L);
  private static final long PERCENT = LinkSettings.ALL_PPB / 100;
  private static final LinkSettings IMPAIRED =
      LinkSettings.delay(200_000)
          .withLossPpb(PERCENT / 2)
          .withReorder(PERCENT, 300_000)
          .withDuplicatePpb(PERCENT);
  private static final int DATAGRAMS = 5_000;
  private static final int DATAGRAMS_PER_SECOND = 2_500;
  private static final int ECHO = 9002;

  private static Transfers transfers;

  ImpairedLinksIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory, IMPAIRED, IMPAIRED);
    transfers = Transfers.start(lab, Blob.write(lab.file("blob"), BYTES, 4));
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of(Transfers.RULE, "udp dport " + ECHO + " lab"));
  }

  @ParameterizedTest
  @EnumSource
  void streamsStayWhole(Family family) throws Exception {
    KernelCounters before = KernelCounters.read(lab);
    transfers.assertUp(deployment, family);
    transfers.assertDown(family);
    assertThat(before.grown(KernelCounters.MALFORMED)).isEmpty();
    assertThat(lab.daemons().drops("BAD_CHECKSUM")).isZero();
    // The ends send some: for a copy of a segment that comes when its connection is gone.
    assertThat(before.grown("TcpOutRsts")).doesNotContainKey("exit TcpOutRsts");
    assertThat(before.grown("TcpRetransSegs")).as("the links did lose").isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void datagramsStayAsTheyAre(Family family) throws Exception {
    KernelCounters before = KernelCounters.read(lab);
    long lost = lost();
    long twice = sum(WireReport::duplicated);
    NumberedDatagrams.Outcome outcome =
        NumberedDatagrams.exchange(
            lab.client(), lab.server(), family.server(), ECHO, DATAGRAMS, DATAGRAMS_PER_SECOND);
    String facts = outcome + " " + lab.emulation().report();
    assertThat(outcome.wrong()).as(facts).isZero();
    assertThat((long) outcome.missing()).as(facts).isBetween(1L, lost() - lost);
    assertThat((long) outcome.twice()).as(facts).isBetween(1L, sum(WireReport::duplicated) - twice);
    assertThat(outcome.overtaken()).isPositive();
    assertThat(before.grown(KernelCounters.MALFORMED)).isEmpty();
    assertThat(lab.daemons().drops("BAD_CHECKSUM")).isZero();
  }

  /** By links; and by the queues of TUN devices, where a process waits long for a processor. */
  private long lost() throws Exception {
    long lost = sum(WireReport::lost) + queueDrops(lab.client(), "oas0");
    return deployment == Deployment.KERNEL ? lost + queueDrops(lab.exit(), "oasx0") : lost;
  }

  private static long queueDrops(Node node, String device) throws Exception {
    String file = "/sys/class/net/" + device + "/statistics/tx_dropped";
    return Long.parseLong(lab.runIn(node, "cat", file).strip());
  }

  private static long sum(ToLongFunction<WireReport> count) {
    assertThat(lab.emulation().report().wires()).allMatch(wire -> wire.overruns() == 0);
    return lab.emulation().report().wires().stream().mapToLong(count).sum();
  }
}
