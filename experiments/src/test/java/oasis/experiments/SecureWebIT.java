// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import oasis.lab.Blob;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.lab.WebSite;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Web sites behind TLS, by HTTP/1.1 and HTTP/2: certificates hold, since programs know the name
 * that they asked for, and the site sees the exit.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
    value = Deployment.class,
    names = {"KERNEL", "PACKET", "MEDIATED"})
@Timeout(600)
class SecureWebIT extends EachDeployment {
  private static final int FILES = 20;

  private static WebSite site;
  private static Blob file;

  SecureWebIT(Deployment deployment) {
    super(deployment);
  }

  /** The ways to a site and what its address is asked by. */
  enum Way {
    NAME(Servers.NAME, 443),
    HEADER(Servers.PLAIN_NAME, 8443),
    NONE(Servers.PLAIN_NAME, 443);

    final String host;
    final int port;

    Way(String host, int port) {
      this.host = host;
      this.port = port;
    }
  }

  static Stream<Arguments> variants() {
    return Stream.of(Family.values())
        .flatMap(
            family ->
                Stream.of(Way.values())
                    .flatMap(
                        way ->
                            Stream.of("1.1", "2")
                                .map(version -> Arguments.of(family, way, version))));
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    site = WebSite.start(lab, List.of(80), List.of(443, 8443));
    file = Blob.write(lab.servers().www().resolve("file"), 1_000_000, 7);
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of("name:*.overlay.test lab", "tcp dport 8443 lab"));
  }

  /** Many files by one connection; with HTTP/2 they are asked for at once. */
  @ParameterizedTest
  @MethodSource("variants")
  void curlTrustsTheSite(Family family, Way way, String version) throws Exception {
    int before = site.visits().size();
    String got = lab.file("got").toString();
    String url = "https://" + way.host + ":" + way.port + "/file?[1-" + FILES + "]";
    String[] words = {
      "curl",
      family.option(),
      "-sSf",
      "--http" + version,
      "--parallel",
      "--cacert",
      site.authority().toString(),
      "-w",
      "%{http_version} %{ssl_verify_result} %{remote_ip}\n",
      "-o",
      got + "#1",
      url
    };
    List<String> lines = lab.run(words).lines().toList();

    String address = way == Way.NAME && !deployment.mediates() ? family.fakes() : family.server();
    assertThat(lines)
        .hasSize(FILES)
        .allSatisfy(l -> assertThat(l).startsWith(version + " 0 " + address));
    for (int i = 1; i <= FILES; i += FILES - 1) {
      assertThat(lab.run("sha256sum", got + i)).startsWith(file.sha256() + " ");
    }
    String peer = way == Way.NONE ? family.client() : deployment.peer(family);
    Lab.await("the log", () -> site.visits().size() >= before + FILES);
    assertThat(site.visits().subList(before, before + FILES))
        .allSatisfy(
            visit -> {
              assertThat(visit.peer()).isEqualTo(peer);
              assertThat(visit.host()).isEqualTo(way.host);
              assertThat(visit.protocol()).isEqualTo(version.equals("2") ? "HTTP/2.0" : "HTTP/1.1");
            });
  }
}
