// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import oasis.emulator.Node;
import oasis.lab.Blob;
import oasis.lab.Capture;
import oasis.lab.Family;
import oasis.lab.KernelCounters;
import oasis.lab.Lab;
import oasis.lab.Lab.Offloads;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every byte arrives as it was sent, in both directions, whatever carries it; no kernel on the way
 * sees a wrong checksum, and none resets a connection that it knows nothing of.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Deployment.class)
@Timeout(600)
class IntegrityIT extends EachDeployment {
  private static final long BYTES = Long.getLong("oasis.integrity.bytes", 200_000_000L);

  private static Transfers transfers;

  IntegrityIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    transfers = Transfers.start(lab, Blob.write(lab.file("blob"), BYTES, 3));
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of(Transfers.RULE));
  }

  static Stream<Arguments> variants() {
    return Stream.of(Offloads.values())
        .flatMap(mode -> Stream.of(Family.values()).map(family -> Arguments.of(family, mode)));
  }

  @ParameterizedTest(name = "{0}, offloads {1}")
  @MethodSource("variants")
  void whatIsSentArrives(Family family, Offloads mode) throws Exception {
    lab.offloads(mode);
    KernelCounters before = KernelCounters.read(lab);
    try (Capture atClient = resets(lab.client());
        Capture atExit = resets(lab.exit())) {
      transfers.assertUp(deployment, family);
      transfers.assertDown(family);
      assertThat(atClient.stop()).as("resets sent by the client's host").isEmpty();
      assertThat(atExit.stop()).as("resets sent by the exit node").isEmpty();
    }
    assertThat(before.grown(KernelCounters.MALFORMED + "|" + KernelCounters.ODD)).isEmpty();
    assertThat(lab.daemons().drops("BAD_CHECKSUM")).isZero();
  }

  private static Capture resets(Node node) throws Exception {
    return Capture.start(
        node,
        "eth0",
        "(src host %s and tcp[tcpflags] & tcp-rst != 0)".formatted(node.address4())
            + " or (src host %s and ip6 proto 6 and ip6[53] & 4 != 0)".formatted(node.address6()));
  }
}
