// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import oasis.lab.Family;
import oasis.lab.Lab;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * No packet overtakes another one of its flow: TCP takes that for loss and slows down, and calls
 * stutter.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Deployment.class)
@Timeout(600)
class NoReorderingIT extends EachDeployment {
  private static final int PORT = 5201;
  private static final int STREAMS = 3;

  NoReorderingIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    lab.servers().startIperf(PORT);
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of("udp dport " + PORT + " lab", "tcp dport " + PORT + " lab"));
  }

  @Test
  void datagramsOfParallelStreamsArriveInTheOrderInWhichTheyWereSent() throws Exception {
    String command =
        "iperf3 -u -b 20M -l 1200 -t 2 --bidir --json -P %d -p %d -c %s"
            .formatted(STREAMS, PORT, Family.IPV4.server());
    JsonNode end = Lab.json(lab.run(command.split(" "))).path("end");

    int seen = 0;
    for (JsonNode stream : end.path("streams")) {
      JsonNode udp = stream.path("udp");
      assertThat(udp.path("packets").asInt()).as("packets in %s", udp).isGreaterThan(1000);
      assertThat(udp.path("out_of_order").asInt(-1)).as("overtaken in %s", udp).isZero();
      seen++;
    }
    assertThat(seen).as("streams, up and down").isEqualTo(2 * STREAMS);
  }
}
