// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import oasis.emulator.Node;
import oasis.os.OsException;

/** The web site that everybody asks: files, a page of many files, and a repository for apt. */
final class Site {
  static final String PACKAGE = "oasis-sample";

  private static final Duration SHORT = Duration.ofSeconds(30);
  private static final int PICTURES = 12;

  /** What the page says once all of it is there. */
  static final String COMPLETE = "script, style, data, " + PICTURES + " pictures";

  private final Node server;
  private final Path directory;
  private final Path www;

  private Site(Node server, Path directory) {
    this.server = server;
    this.directory = directory;
    www = directory.resolve("www");
  }

  /** Who asked for which name, and what was answered. */
  record Visit(String peer, String host, int status) {}

  /**
   * Writes everything and starts nginx at ports 80 and 443 of a node.
   *
   * @param seed of the files' contents
   */
  static Site start(Node server, Path directory, long seed) throws OsException, IOException {
    Site site = new Site(server, Files.createDirectories(directory));
    Files.createDirectories(site.www);
    site.write("some", Plan.SMALL_BYTES, seed);
    site.write("large", Plan.LARGE_BYTES, seed + 1);
    Files.writeString(site.www.resolve("small"), "it works\n");
    site.writePage();
    site.writeRepository();
    site.certify();
    site.serve();
    return site;
  }

  private void write(String name, int bytes, long seed) throws IOException {
    byte[] block = new byte[1 << 20];
    SplittableRandom random = new SplittableRandom(seed);
    try (OutputStream out = Files.newOutputStream(www.resolve(name))) {
      for (int left = bytes; left > 0; left -= block.length) {
        random.nextBytes(block);
        out.write(block, 0, Math.min(left, block.length));
      }
    }
  }

  /** A file below the root. */
  Path file(String name) {
    return www.resolve(name);
  }

  /** A new file of so many bytes, the beginning of the large one. */
  Path beginning(int bytes) throws IOException {
    Path file = www.resolve("beginning-" + bytes);
    try (InputStream in = Files.newInputStream(www.resolve("large"))) {
      Files.write(file, in.readNBytes(bytes));
    }
    return file;
  }

  private void writePage() throws IOException {
    StringBuilder pictures = new StringBuilder();
    for (int i = 0; i < PICTURES; i++) {
      pictures.append("<img src=\"/picture").append(i).append(".svg\">\n");
      Files.writeString(
          www.resolve("picture" + i + ".svg"),
          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>\n");
    }
    Files.writeString(
        www.resolve("page.html"),
        """
        <!DOCTYPE html><html><head><title>page</title>
        <link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,">
        </head><body><p id="result">not complete</p>
        %s<script src="/script.js"></script><script src="/data.js"></script></body></html>
        """
            .formatted(pictures));
    Files.writeString(www.resolve("style.css"), "body { color: rgb(1, 2, 3); }\n");
    Files.writeString(www.resolve("data.js"), "window.data = 'data';\n");
    Files.writeString(
        www.resolve("script.js"),
        """
        window.addEventListener('load', () => {
          const color = getComputedStyle(document.body).color;
          const pictures = [...document.images].filter(i => i.naturalWidth === 9).length;
          document.getElementById('result').textContent = 'script, '
            + (color === 'rgb(1, 2, 3)' ? 'style, ' : '') + window.data + ', '
            + pictures + ' pictures';
        });
        """);
  }

  /** A repository of one package that holds one file. */
  private void writeRepository() throws OsException, IOException {
    Path tree = directory.resolve("package");
    Path control = Files.createDirectories(tree.resolve("DEBIAN")).resolve("control");
    String fields =
        "Package: %s%nVersion: 1%nArchitecture: all%nMaintainer: Nobody <nobody@test>%n"
            .formatted(PACKAGE);
    Files.writeString(control, fields + "Description: sample\n");
    Files.copy(
        www.resolve("some"),
        Files.createDirectories(tree.resolve("usr/share/" + PACKAGE)).resolve("some"));
    Path apt = Files.createDirectories(www.resolve("apt"));
    Path deb = apt.resolve(PACKAGE + ".deb");
    run("dpkg-deb", "--root-owner-group", "--build", tree.toString(), deb.toString());
    Files.writeString(
        apt.resolve("Packages"),
        fields
            + "Filename: ./%s.deb%nSize: %d%nSHA256: %s%nDescription: sample%n%n"
                .formatted(PACKAGE, Files.size(deb), sha256(deb)));
  }

  private void certify() throws OsException {
    String names = "DNS:" + Carrier.OVERLAY.host() + ",DNS:" + Carrier.UNDERLAY.host();
    String words =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
            + " -subj /CN=site -addext subjectAltName=%s -keyout %s/site.key -out %s/site.pem";
    run(words.formatted(names, directory, directory).split(" ", -1));
  }

  private void serve() throws OsException, IOException {
    Path configuration = directory.resolve("site.conf");
    Files.writeString(
        configuration,
        """
        daemon off; master_process off; user root; pid %1$s/site.pid;
        error_log stderr notice;
        events { worker_connections 4096; }
        http {
          log_format visit '$remote_addr $host $status';
          access_log %1$s/site.log visit;
          sendfile on;
          types { text/html html; text/css css; text/javascript js; image/svg+xml svg; }
          client_body_temp_path %1$s/site-1; proxy_temp_path %1$s/site-2;
          fastcgi_temp_path %1$s/site-3; uwsgi_temp_path %1$s/site-4;
          scgi_temp_path %1$s/site-5;
          ssl_certificate %1$s/site.pem; ssl_certificate_key %1$s/site.key;
          server {
            listen 80 backlog=1024;
            listen 443 ssl http2;
            root %1$s/www;
          }
        }
        """
            .formatted(directory));
    server
        .start("nginx", "-c", configuration.toString(), "-e", "stderr")
        .awaitLine("getrlimit", SHORT);
  }

  private void run(String... argv) throws OsException {
    var result = server.exec(SHORT, argv);
    if (!result.ok()) {
      throw new OsException(argv[0] + ": " + result.err());
    }
  }

  /** Who has asked for what so far. */
  List<Visit> visits() throws IOException {
    return Files.readString(directory.resolve("site.log"))
        .lines()
        .map(line -> line.split(" ", -1))
        .map(words -> new Visit(words[0], words[1], Integer.parseInt(words[2])))
        .toList();
  }

  /** SHA-256 of the site's public key in base 64, for browsers that are told which to trust. */
  String keyFingerprint() throws OsException, IOException {
    try (InputStream in = Files.newInputStream(directory.resolve("site.pem"))) {
      byte[] key =
          CertificateFactory.getInstance("X.509")
              .generateCertificate(in)
              .getPublicKey()
              .getEncoded();
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    } catch (GeneralSecurityException e) {
      throw new OsException("certificate: " + e.getMessage(), e);
    }
  }

  /** SHA-256 of a file; nothing when it is not there. */
  static String sha256(Path file) throws IOException {
    if (!Files.exists(file)) {
      return "";
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
