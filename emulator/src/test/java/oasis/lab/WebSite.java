// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;

/**
 * A web site on the laboratory's server: HTTP, and HTTPS by HTTP/1.1 and HTTP/2 under a certificate
 * of a test authority, with a log of who asked for what.
 */
public final class WebSite {
  private static final String KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";

  private final Lab lab;

  private WebSite(Lab lab) {
    this.lab = lab;
  }

  /**
   * One line of the log.
   *
   * @param peer who asked
   * @param protocol such as {@code HTTP/2.0}
   * @param scheme {@code http} or {@code https}
   * @param host the name or address that was asked for
   * @param path what was asked for
   * @param status what was answered
   */
  public record Visit(
      String peer, String protocol, String scheme, String host, String path, int status) {
    static Visit parse(String line) {
      String[] words = line.split(" ", -1);
      return new Visit(
          words[0], words[1], words[2], words[3], words[4], Integer.parseInt(words[5]));
    }
  }

  /** Starts the site; files lie in {@link Servers#www}. */
  public static WebSite start(Lab lab, List<Integer> plainPorts, List<Integer> securePorts)
      throws Exception {
    WebSite site = new WebSite(lab);
    site.certify();
    Files.createDirectories(lab.servers().www());
    Path configuration = lab.file("site.conf");
    StringBuilder listen = new StringBuilder();
    plainPorts.forEach(port -> listen.append(listen(port, "")));
    securePorts.forEach(port -> listen.append(listen(port, " ssl http2")));
    Files.writeString(configuration, configuration(lab, listen.toString()));
    lab.server()
        .start("nginx", "-c", configuration.toString(), "-e", "stderr")
        .awaitLine("getrlimit", Lab.LONG);
    return site;
  }

  private static String listen(int port, String how) {
    return "listen %1$d%2$s; listen [::]:%1$d%2$s; ".formatted(port, how);
  }

  private static String configuration(Lab lab, String listen) {
    return """
        daemon off; master_process off; user root; pid %1$s/site.pid;
        error_log stderr notice;
        events {}
        http {
          log_format visit '$remote_addr $server_protocol $scheme $host $request_uri $status';
          access_log %1$s/site.log visit;
          types { text/html html; text/css css; text/javascript js; image/svg+xml svg; }
          client_body_temp_path %1$s/site-1; proxy_temp_path %1$s/site-2;
          fastcgi_temp_path %1$s/site-3; uwsgi_temp_path %1$s/site-4;
          scgi_temp_path %1$s/site-5;
          ssl_certificate %1$s/site.pem; ssl_certificate_key %1$s/site.key;
          server {
            %2$s
            location / { root %3$s; }
          }
        }
        """
        .formatted(lab.directory(), listen, lab.servers().www());
  }

  /** An authority, and the site's certificate under it. */
  private void certify() throws Exception {
    openssl("req -x509 " + KEY + "-days 2 -subj /CN=Test-CA -keyout %1$s/ca.key -out %1$s/ca.pem");
    String names =
        "DNS:%s,DNS:%s,DNS:%s,IP:%s,IP:%s"
            .formatted(Servers.NAME, Servers.NAME6, Servers.PLAIN_NAME, Lab.SERVER, Lab.SERVER6);
    openssl(
        ("req " + KEY + "-subj /CN=site -addext subjectAltName=" + names)
            + " -keyout %1$s/site.key -out %1$s/site.csr");
    openssl(
        "x509 -req -in %1$s/site.csr -CA %1$s/ca.pem -CAkey %1$s/ca.key -CAcreateserial"
            + " -copy_extensions copy -days 2 -out %1$s/site.pem");
  }

  private void openssl(String words) throws Exception {
    lab.runIn(lab.server(), ("openssl " + words).formatted(lab.directory()).split(" ", -1));
  }

  /** The certificate of the authority, for programs that are told whom to trust. */
  public Path authority() {
    return lab.file("ca.pem");
  }

  /** SHA-256 of the site's public key in base 64, for browsers that are told which to trust. */
  public String keyFingerprint() throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(lab.file("site.pem"))) {
      byte[] key =
          CertificateFactory.getInstance("X.509")
              .generateCertificate(in)
              .getPublicKey()
              .getEncoded();
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    }
  }

  /** Who has asked for what so far, in the order of the answers' ends. */
  public List<Visit> visits() throws IOException {
    return Files.readString(lab.file("site.log"), UTF_8).lines().map(Visit::parse).toList();
  }
}
