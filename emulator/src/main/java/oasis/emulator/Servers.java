// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import oasis.os.OsException;

/** Starts real servers in nodes, with configurations of their own. */
public final class Servers {
  /** Length of {@code file.bin} of {@link #writeSite}. */
  public static final int FILE_BYTES = 20_000_000;

  private static final Duration READY = Duration.ofSeconds(60);

  private Servers() {}

  /**
   * Writes a page, {@code index.html}, and 20 MB of random bytes that are always the same, {@code
   * file.bin}.
   *
   * @return the directory
   */
  public static Path writeSite(Path www) throws IOException {
    Files.createDirectories(www);
    Files.writeString(www.resolve("index.html"), "<h1>Reached.</h1>\n".repeat(200));
    byte[] block = new byte[100_000];
    SplittableRandom random = new SplittableRandom(20);
    try (OutputStream out = Files.newOutputStream(www.resolve("file.bin"))) {
      for (int written = 0; written < FILE_BYTES; written += block.length) {
        random.nextBytes(block);
        out.write(block);
      }
    }
    return www;
  }

  /**
   * Starts dnsmasq, which knows some names and nothing else.
   *
   * @param node where, at all its addresses
   * @param directory for its file
   * @param zone the domain that it has all names of
   * @param hosts names with their addresses, {@code www.test,192.0.2.1}
   * @throws OsException when it does not get ready within 20 s
   */
  public static Program dns(Node node, Path directory, String zone, List<String> hosts)
      throws OsException {
    List<String> argv = new ArrayList<>(List.of("dnsmasq", "--keep-in-foreground"));
    argv.addAll(List.of("--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"));
    argv.add("--bind-interfaces");
    node.addresses().forEach(address -> argv.add("--listen-address=" + address.host()));
    argv.addAll(List.of("--local-ttl=60", "--local=/" + zone + "/"));
    // It leaves the working directory before it writes this.
    argv.add("--pid-file=" + directory.resolve("dnsmasq.pid").toAbsolutePath());
    hosts.forEach(host -> argv.add("--host-record=" + host));
    argv.addAll(List.of("--log-facility=-", "--log-queries"));
    Program dns = node.start(Command.of(argv));
    dns.awaitLine("started", READY);
    return dns;
  }

  /**
   * Starts nginx. Its answers say in {@code X-Peer} and {@code X-Peer-Port} whom it saw, and {@code
   * /who} is nothing but the address.
   *
   * @param node where, at all its addresses
   * @param directory for its files; made if missing
   * @param root what it serves
   * @param ports of IPv4; at the first one IPv6 is served, too
   * @throws OsException when it does not get ready within 20 s
   */
  public static Program web(Node node, Path directory, Path root, List<Integer> ports)
      throws OsException, IOException {
    StringBuilder listen = new StringBuilder("listen [::]:" + ports.get(0) + ";");
    ports.forEach(port -> listen.append(" listen ").append(port).append(';'));
    Path configuration = Files.createDirectories(directory).resolve("nginx.conf");
    Files.writeString(
        configuration,
        """
        daemon off;
        master_process off;
        pid %1$s/nginx.pid;
        error_log stderr notice;
        events { worker_connections 256; }
        http {
          access_log off;
          sendfile on;
          client_body_temp_path %1$s/nginx-body;
          proxy_temp_path %1$s/nginx-proxy;
          fastcgi_temp_path %1$s/nginx-fastcgi;
          uwsgi_temp_path %1$s/nginx-uwsgi;
          scgi_temp_path %1$s/nginx-scgi;
          server {
            %2$s
            root %3$s;
            add_header X-Peer $remote_addr;
            add_header X-Peer-Port $remote_port;
            location = /who { default_type text/plain; return 200 "$remote_addr\n"; }
          }
        }
        """
            .formatted(directory, listen, root),
        UTF_8);
    Program web = node.start("nginx", "-c", configuration.toString(), "-e", "stderr");
    web.awaitLine("getrlimit", READY);
    return web;
  }
}
