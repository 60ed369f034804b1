// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.emulator.Command;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.os.OsException;

/** Real servers on the laboratory's server host, and a DNS server on its own. */
public final class Servers {
  /** This name and the next have the server's addresses; name rules match the first only. */
  public static final String NAME = "www.overlay.test";

  public static final String PLAIN_NAME = "www.plain.test";

  /** A name that the name rules match and that has the server's IPv6 address alone. */
  public static final String NAME6 = "six.overlay.test";

  private final Lab lab;

  Servers(Lab lab) {
    this.lab = lab;
  }

  void startDns() throws OsException {
    List<String> argv = new ArrayList<>(List.of("dnsmasq", "--keep-in-foreground"));
    argv.addAll(List.of("--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"));
    argv.addAll(List.of("--bind-interfaces", "--local=/test/"));
    argv.addAll(List.of("--listen-address=" + Lab.DNS, "--listen-address=" + Lab.DNS6));
    argv.addAll(List.of("--pid-file=" + lab.file("dnsmasq.pid"), "--log-facility=-"));
    for (String name : List.of(NAME, PLAIN_NAME)) {
      argv.add("--host-record=" + name + "," + Lab.SERVER + "," + Lab.SERVER6);
    }
    argv.add("--host-record=" + NAME6 + "," + Lab.SERVER6);
    lab.dns().start(Command.of(argv)).awaitLine("started", Lab.LONG);
  }

  /** A web server; {@code /who} says the client's address, all else lies in {@link #www}. */
  public void startWeb(int... ports) throws OsException, IOException {
    Files.createDirectories(www());
    StringBuilder listen = new StringBuilder();
    Arrays.stream(ports)
        .forEach(port -> listen.append("listen %1$d; listen [::]:%1$d; ".formatted(port)));
    Path configuration = lab.file("nginx.conf");
    Files.writeString(
        configuration,
        """
        daemon off; master_process off; user root; pid %1$s/nginx.pid;
        error_log stderr notice;
        events {}
        http {
          access_log off;
          client_body_temp_path %1$s/nginx-1; proxy_temp_path %1$s/nginx-2;
          fastcgi_temp_path %1$s/nginx-3; uwsgi_temp_path %1$s/nginx-4;
          scgi_temp_path %1$s/nginx-5;
          add_header X-Peer $remote_addr;
          server {
            %2$s
            location /who { return 200 "$remote_addr"; }
            location / { root %3$s; }
          }
        }
        """
            .formatted(lab.directory(), listen, www()));
    lab.server()
        .start("nginx", "-c", configuration.toString(), "-e", "stderr")
        .awaitLine("getrlimit", Lab.LONG);
  }

  /** The files of the web server. */
  public Path www() {
    return lab.file("www");
  }

  /** An iperf3 server; it prints a line for each peer it accepts. */
  public Program startIperf(int port) throws OsException {
    Program iperf =
        lab.server().start("iperf3", "--server", "--forceflush", "--port", Integer.toString(port));
    iperf.awaitLine("Server listening", Lab.LONG);
    return iperf;
  }

  /** An ssh server of its own: key, configuration, and a {@code /run} that nobody else sees. */
  public void startSsh(int... ports) throws OsException, IOException {
    for (String key : List.of("host-key", "user-key")) {
      lab.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", lab.file(key).toString());
    }
    Files.writeString(
        lab.file("known-hosts"), "* " + Files.readString(lab.file("host-key.pub"), UTF_8), UTF_8);
    // The machine's root may be locked, which sshd would take for a refusal.
    Files.writeString(lab.file("shadow"), "root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n");
    StringBuilder configuration = new StringBuilder();
    Arrays.stream(ports).forEach(port -> configuration.append("Port " + port + "\n"));
    configuration.append("HostKey " + lab.file("host-key") + "\n");
    configuration.append("AuthorizedKeysFile " + lab.file("user-key.pub") + "\n");
    configuration.append("PidFile none\nUsePAM no\nStrictModes no\nUseDNS no\n");
    configuration.append("PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n");
    Files.writeString(lab.file("sshd.conf"), configuration);
    String script =
        """
        set -e
        mount -t tmpfs none /run && mkdir /run/sshd
        mount --bind "$1/shadow" /etc/shadow
        exec /usr/sbin/sshd -D -e -f "$1/sshd.conf"
        """;
    Command command = Command.of("sh", "-c", script, "sh", lab.directory().toString());
    Program sshd = lab.server().start(command.withName("sshd"));
    for (int port : ports) {
      sshd.awaitLine("listening on 0.0.0.0 port " + port, Lab.LONG);
      sshd.awaitLine("listening on :: port " + port, Lab.LONG);
    }
  }

  /** The words of an ssh command that needs no terminal and asks nothing. */
  public List<String> ssh(int port, String host, String command) {
    List<String> argv = new ArrayList<>(List.of("ssh", "-p", Integer.toString(port)));
    argv.addAll(sshOptions());
    argv.addAll(List.of("-l", "root", host, command));
    return argv;
  }

  /** The words of an scp command likewise; of the server's files it is {@code root@HOST:PATH}. */
  public List<String> scp(int port, String from, String to) {
    List<String> argv = new ArrayList<>(List.of("scp", "-q", "-P", Integer.toString(port)));
    argv.addAll(sshOptions());
    argv.addAll(List.of(from, to));
    return argv;
  }

  private List<String> sshOptions() {
    List<String> options = new ArrayList<>(List.of("-F", "none"));
    options.addAll(List.of("-i", lab.file("user-key").toString()));
    options.addAll(List.of("-o", "BatchMode=yes", "-o", "ConnectTimeout=30"));
    options.addAll(List.of("-o", "UserKnownHostsFile=" + lab.file("known-hosts")));
    return options;
  }

  /** Gives a file to everybody who connects. */
  public void startSource(int port, Path file) throws OsException {
    start(lab.server(), List.of("-U", listen(port) + ",fork", "FILE:" + file));
  }

  /** Takes datagrams and does nothing with them. */
  public void startDiscard(int port) throws Exception {
    // Not by socat's own message: it says nothing before the first datagram.
    Program socat =
        lab.server().start("socat", "-u", "UDP6-RECV:" + port + ",ipv6only=0", "OPEN:/dev/null");
    Lab.await(
        "a socket",
        () ->
            lab.runIn(lab.server(), "ss", "-Hlun").contains(":" + port + " ") || !socat.isAlive());
  }

  /** Takes one stream from who connects first, prints its SHA-256 and ends. */
  public Program startSink(int port) throws OsException {
    return start(lab.server(), List.of("-u", listen(port), "EXEC:sha256sum"));
  }

  /** Starts a server that counts the bytes of one connection, and says how many they were. */
  public Program startCounter(int port) throws OsException {
    return start(lab.server(), List.of("-u", listen(port), "EXEC:wc -c"));
  }

  private static String listen(int port) {
    return "TCP6-LISTEN:" + port + ",ipv6only=0,reuseaddr";
  }

  private static Program start(Node node, List<String> words) throws OsException {
    List<String> argv = new ArrayList<>(List.of("socat", "-d", "-d", "-b", "262144"));
    argv.addAll(words);
    Program socat = node.start(Command.of(argv));
    socat.awaitLine("listening on", Lab.LONG);
    return socat;
  }
}
