// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import oasis.io.config.ConfigException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.LinuxNftOwner;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Specifications from a web server that the host's own rules divert everything else from. */
@Timeout(600)
class DownloadIT {
  private static final char[] PASSWORD = "secret".toCharArray();
  private static final int HTTPS = 8443;
  private static final int HTTP = 8080;

  @TempDir private static Path directory;
  private static HostInNamespace host;
  private static ClientNetwork network;
  private static HttpsServer secure;
  private static HttpServer plain;
  private static SSLSocketFactory trusting;

  @BeforeAll
  static void build() throws Exception {
    HostInNamespace.assumePossible();
    host = new HostInNamespace("download");
    network =
        new ClientNetwork(
            host.runner, () -> LinuxNftOwner.inNamespace(host.host), () -> HostInNamespace.OWN);
    network.apply(HostInNamespace.config("tcp dport 8000-9000 ron else block"));
    SSLContext tls = tls("osp.example");
    trusting = tls.getSocketFactory();
    secure = Netns.in(host.neighbour, () -> HttpsServer.create(at(HTTPS), 5));
    secure.setHttpsConfigurator(new HttpsConfigurator(tls));
    plain = Netns.in(host.neighbour, () -> HttpServer.create(at(HTTP), 5));
    for (HttpServer server : List.of(secure, plain)) {
      serve(server, "/ron.xml", 200, "<overlay/>", "");
      serve(server, "/moved", 302, "", "https://osp.example:" + HTTPS + "/ron.xml");
      serve(server, "/down", 302, "", "http://osp.example:" + HTTP + "/ron.xml");
      serve(server, "/round", 302, "", "https://osp.example:" + HTTPS + "/round");
      serve(server, "/long", 200, "x".repeat(1_001), "");
      server.createContext("/slow", exchange -> exchange.sendResponseHeaders(200, 10));
      server.start();
    }
  }

  @AfterAll
  static void destroy() throws Exception {
    if (host != null) {
      secure.stop(0);
      plain.stop(0);
      network.close();
      host.close();
    }
  }

  private static InetSocketAddress at(int port) {
    return new InetSocketAddress(HostInNamespace.NEIGHBOUR, port);
  }

  private static void serve(HttpServer server, String path, int status, String body, String to) {
    server.createContext(
        path,
        exchange -> {
          exchange.getResponseHeaders().add("Location", to);
          exchange.sendResponseHeaders(status, body.isEmpty() ? -1 : body.length());
          exchange.getResponseBody().write(body.getBytes(UTF_8));
          exchange.close();
        });
  }

  /** A key of its own for this name, and the trust in it. */
  private static SSLContext tls(String name) throws Exception {
    Path file = directory.resolve("keys");
    new LinuxCommandRunner()
        .check(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-keyalg",
            "EC",
            "-alias",
            "osp",
            "-dname",
            "CN=" + name,
            "-ext",
            "san=dns:" + name,
            "-keystore",
            file.toString(),
            "-storepass",
            new String(PASSWORD));
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
    own.init(keys, PASSWORD);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(keys);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(own.getKeyManagers(), trust.getTrustManagers(), null);
    return tls;
  }

  private static String fetch(String url) throws Exception {
    return fetch(url, Duration.ofMinutes(1));
  }

  private static String fetch(String url, Duration limit) throws Exception {
    Download download =
        new Download(
            name -> Address.parse(HostInNamespace.NEIGHBOUR), () -> trusting, 1_000, limit);
    return Netns.in(host.host, () -> new String(download.fetch(URI.create(url)), UTF_8));
  }

  private static String https(String path) throws Exception {
    return fetch("https://osp.example:" + HTTPS + path);
  }

  @Test
  void theClientsOwnDownloadsAreNotDivertedByItsRules() throws Exception {
    assertThatThrownBy(() -> HostInNamespace.connect(host.host, HostInNamespace.NEIGHBOUR, HTTPS))
        .as("everybody else's are")
        .isInstanceOf(IOException.class);
    assertThat(host.diverted(HostInNamespace.SILENCE_MS)).isNotEmpty();

    assertThat(https("/ron.xml")).isEqualTo("<overlay/>");
    assertThat(fetch("http://osp.example:" + HTTP + "/ron.xml")).isEqualTo("<overlay/>");

    assertThat(host.diverted(HostInNamespace.SILENCE_MS)).isEmpty();
  }

  @Test
  void aServerThatCannotProveItsNameIsNotTrusted() {
    assertThatThrownBy(() -> fetch("https://other.example:" + HTTPS + "/ron.xml"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("other.example");
  }

  @Test
  void redirectionsAreFollowedToHttpsOnlyAndNotForEver() throws Exception {
    assertThat(https("/moved")).isEqualTo("<overlay/>");
    assertThat(fetch("http://osp.example:" + HTTP + "/moved")).isEqualTo("<overlay/>");
    assertThatThrownBy(() -> https("/down")).hasMessageContaining("only https is followed");
    assertThatThrownBy(() -> https("/round")).hasMessageContaining("more than 5 redirections");
  }

  @Test
  void whatIsMissingTooLongOrTooSlowIsRefused() {
    assertThatThrownBy(() -> https("/none")).hasMessageContaining("status 404");
    assertThatThrownBy(() -> https("/long")).hasMessageContaining("longer than 1000 bytes");
    assertThatThrownBy(() -> fetch("https://osp.example:" + HTTPS + "/slow", Duration.ofSeconds(2)))
        .hasMessageContaining("it took too long");
    assertThatThrownBy(() -> fetch("http://osp.example:8081/")).hasMessageContaining("refused");
  }
}
