// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.os.CommandRunner.Result;
import oasis.os.linux.SourceAddress;
import oasis.packet.Address;

/**
 * The doctor's look at how this host finds addresses of names: what hides the queries from the
 * client, name rules do not see.
 */
final class NameChecks {
  private static final Pattern TLS_ON =
      Pattern.compile("(?im)^\\s*DNSOverTLS\\s*=\\s*(yes|true|on|1|opportunistic)\\s*$");
  private static final Pattern CHROME_DOH =
      Pattern.compile("\"DnsOverHttpsMode\"\\s*:\\s*\"(secure|automatic)\"");
  private static final Pattern FIREFOX_DOH =
      Pattern.compile("\"DNSOverHTTPS\"\\s*:\\s*\\{[^}]*\"Enabled\"\\s*:\\s*true");
  private static final Pattern SOURCE = Pattern.compile(" src ([0-9a-f.:]+)");
  private static final Set<String> ENCRYPTING =
      Set.of(
          "dnscrypt-proxy", "cloudflared", "stubby", "https_dns_proxy", "dnsproxy", "doh-client");
  private static final List<String> CHROME =
      List.of(
          "etc/chromium/policies/managed",
          "etc/chromium-browser/policies/managed",
          "etc/opt/chrome/policies/managed",
          "etc/opt/edge/policies/managed");
  private static final List<String> FIREFOX =
      List.of(
          "etc/firefox/policies/policies.json",
          "usr/lib/firefox/distribution/policies.json",
          "usr/lib/firefox-esr/distribution/policies.json");

  private final HostView host;
  private final ClientNetworkConfig config;
  private final List<Finding> findings = new ArrayList<>();

  NameChecks(HostView host, ClientNetworkConfig config) {
    this.host = host;
    this.config = config;
  }

  List<Finding> all() {
    List<String> servers =
        host.lines("etc/resolv.conf").stream()
            .map(String::strip)
            .filter(line -> line.startsWith("nameserver"))
            .map(line -> line.substring("nameserver".length()).strip())
            .toList();
    if (servers.isEmpty()) {
      findings.add(
          Finding.warning(
              "no-name-server",
              "/etc/resolv.conf names no server: names cannot be resolved.",
              "name a server there (nameserver ADDRESS)"));
    }
    boolean local = servers.stream().anyMatch(NameChecks::isLoopback);
    if (servers.contains("127.0.0.53") || host.exists("run/systemd/resolve/stub-resolv.conf")) {
      resolved();
    } else if (local) {
      cache("The resolver on this host", "restart it");
    }
    if (host.exists("run/nscd/socket")) {
      cache("nscd", "nscd -i hosts");
    }
    servers.stream()
        .filter(server -> server.toLowerCase(Locale.ROOT).startsWith("fe80:"))
        .findFirst()
        .ifPresent(this::linkLocal);
    servers.stream().filter(this::isElsewhere).findFirst().ifPresent(this::elsewhere);
    encrypting();
    browsers();
    return findings;
  }

  private static boolean isLoopback(String server) {
    return server.startsWith("127.") || server.equals("::1");
  }

  private void resolved() {
    List<String> files = new ArrayList<>(List.of("etc/systemd/resolved.conf"));
    String more = "etc/systemd/resolved.conf.d";
    host.list(more).forEach(name -> files.add(more + "/" + name));
    Optional<String> tls =
        files.stream()
            .filter(file -> host.read(file).filter(t -> TLS_ON.matcher(t).find()).isPresent())
            .findFirst();
    if (tls.isPresent()) {
      findings.add(
          Finding.error(
              "dns-over-tls",
              "systemd-resolved encrypts its queries (/" + tls.get() + "): name rules see none.",
              "set DNSOverTLS=no there and systemctl restart systemd-resolved"));
    }
    cache("systemd-resolved", "resolvectl flush-caches");
  }

  private void cache(String who, String flush) {
    findings.add(
        Finding.note(
            "dns-cache",
            who
                + " keeps answers: a name that was asked for before a rule was added keeps its real"
                + " address until they expire.",
            flush + " after adding name rules"));
  }

  private void linkLocal(String server) {
    findings.add(
        Finding.warning(
            "link-local-name-server",
            "The name server "
                + server
                + " is link-local and asked directly: name rules do not"
                + " see what it answers.",
            "let a resolver on the loopback ask a server with a global address"));
  }

  /** Whether this host asks a server from another address than it uses towards the Internet. */
  private boolean isElsewhere(String server) {
    Address there;
    try {
      there = Address.parse(server);
    } catch (IllegalArgumentException e) {
      return false; // with an interface, or none
    }
    boolean v4 = there.isV4();
    Optional<Address> from = source(server);
    if (isLoopback(server) || from.isEmpty() || from.get().equals(there)) {
      return false;
    }
    Optional<Address> oc0 = source((v4 ? SourceAddress.FAR4 : SourceAddress.FAR6).toString());
    if (v4) {
      return oc0.isPresent() && !oc0.equals(from);
    }
    boolean global = from.get().hi() >>> 61 == 1;
    return config.ipv6() && oc0.map(one -> one.hi() != from.get().hi()).orElse(!global);
  }

  /** The address from which the kernel sends to another one. */
  private Optional<Address> source(String there) {
    String route = host.run("", "ip", "route", "get", there).map(Result::out).orElse("");
    Matcher source = SOURCE.matcher(route);
    return source.find() ? Optional.of(Address.parse(source.group(1))) : Optional.empty();
  }

  private void elsewhere(String server) {
    findings.add(
        Finding.warning(
            "name-server-elsewhere",
            "The name server "
                + server
                + " is asked from another address of this host than the one towards the Internet:"
                + " name rules do not see what it answers.",
            "ask a server on the way to the Internet, or let a rule divert the queries"
                + " (udp dport 53 dst "
                + server
                + ")"));
  }

  private void encrypting() {
    for (String pid : host.list("proc")) {
      if (!pid.matches("[0-9]+")) {
        continue;
      }
      String name = host.read("proc/" + pid + "/comm").orElse("").strip();
      if (ENCRYPTING.contains(name)) {
        findings.add(
            Finding.error(
                "encrypted-dns",
                name
                    + " (process "
                    + pid
                    + ") encrypts this host's DNS queries: name rules see"
                    + " none.",
                "stop it while the client runs, or let it ask its server by plain DNS"));
      }
    }
  }

  private void browsers() {
    for (String directory : CHROME) {
      for (String name : host.list(directory)) {
        browser(directory + "/" + name, CHROME_DOH, "set DnsOverHttpsMode to \"off\" there");
      }
    }
    for (String file : FIREFOX) {
      browser(file, FIREFOX_DOH, "set DNSOverHTTPS to {\"Enabled\": false} there");
    }
  }

  private void browser(String file, Pattern doh, String mend) {
    if (host.read(file).filter(text -> doh.matcher(text).find()).isPresent()) {
      findings.add(
          Finding.warning(
              "dns-over-https",
              "The policy /"
                  + file
                  + " lets a browser resolve names by HTTPS: name rules do not"
                  + " see them.",
              mend));
    }
  }
}
