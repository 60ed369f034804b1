// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Program;
import oasis.lab.Blob;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.lab.Servers;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A path behind the exit shrinks to the least that IPv6 allows while real programs send: what is
 * too long by then is told to the program's kernel, and the transfer goes on.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
    value = Deployment.class,
    names = {"KERNEL", "PACKET", "MEDIATED"})
@Timeout(600)
class ShrinkingPathIT extends EachDeployment {
  private static final int LEAST_MTU = 1280;
  private static final int SINK = 9001;
  private static final String SLOWLY =
      "for i in 0 1 2 3 4 5; do dd if=$1 bs=1000000 skip=$i count=1 status=none; sleep 0.3; done"
          + " | socat -u - TCP:$2:"
          + SINK;

  private static Blob blob;

  ShrinkingPathIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    blob = Blob.write(lab.file("blob"), 6_000_000, 5);
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of("tcp dport " + SINK + " lab", "name:*.overlay.test lab"));
  }

  @ParameterizedTest
  @EnumSource
  void anUploadByHeaderGoesOn(Family family) throws Exception {
    assertGoesOn(family, family.inUrl(family.server()));
  }

  @ParameterizedTest
  @EnumSource
  void anUploadByNameGoesOn(Family family) throws Exception {
    String type = family.recordType();
    assertGoesOn(family, family.inUrl(lab.run("dig", "+short", Servers.NAME, type).strip()));
  }

  /** About two seconds of sending, of which the path is wide for the first half. */
  private static void assertGoesOn(Family family, String host) throws Exception {
    String route = family.option() + " route ACTION " + family.server() + "/" + family.bits();
    String device = " dev " + lab.router().devices().get(2) + " mtu lock " + LEAST_MTU;
    try (Program sink = lab.servers().startSink(SINK);
        Program upload =
            lab.client().start("sh", "-c", SLOWLY, "sh", blob.file().toString(), host)) {
      TimeUnit.MILLISECONDS.sleep(900);
      assertThat(upload.isAlive()).as("it sends: %s", upload.errors()).isTrue();
      lab.runIn(lab.router(), ("ip " + route.replace("ACTION", "add") + device).split(" ", -1));
      assertThat(upload.waitFor(Lab.LONG)).as(upload.errors()).isZero();
      assertThat(sink.waitFor(Lab.LONG)).as(sink.errors()).isZero();
      assertThat(sink.output()).as("SHA-256 at the server").startsWith(blob.sha256() + " ");
    } finally {
      lab.client().exec(Lab.LONG, "ip", family.option(), "route", "flush", "cache");
      lab.exit().exec(Lab.LONG, "ip", family.option(), "route", "flush", "cache");
      lab.router().exec(Lab.LONG, ("ip " + route.replace("ACTION", "del")).split(" ", -1));
    }
  }
}
