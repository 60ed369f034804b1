// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

/** An address family, and the addresses that the hosts of a laboratory have in it. */
public enum Family {
  IPV4("IPv4", Lab.CLIENT, Lab.EXIT, Lab.SERVER, Lab.DNS),
  IPV6("IPv6", Lab.CLIENT6, Lab.EXIT6, Lab.SERVER6, Lab.DNS6);

  private final String text;
  private final String client;
  private final String exit;
  private final String server;
  private final String dns;

  Family(String text, String client, String exit, String server, String dns) {
    this.text = text;
    this.client = client;
    this.exit = exit;
    this.server = server;
    this.dns = dns;
  }

  public String client() {
    return client;
  }

  public String exit() {
    return exit;
  }

  public String server() {
    return server;
  }

  public String dns() {
    return dns;
  }

  /** An address of this family as it stands in a URL before the colon of the port. */
  public String inUrl(String address) {
    return this == IPV4 ? address : "[" + address + "]";
  }

  /** An address and a port, as client and exit node print them. */
  public String endpoint(String address, int port) {
    return inUrl(address) + ":" + port;
  }

  /** The first characters of every fake address of this family. */
  public String fakes() {
    return this == IPV4 ? "198.18." : "fdc6:1200:4710::";
  }

  /** The type of the DNS records that hold addresses of this family. */
  public String recordType() {
    return this == IPV4 ? "A" : "AAAA";
  }

  /** The URL of the exit node as an overlay whose datagrams are of this family. */
  public String overlayUrl() {
    return "udp://" + inUrl(exit) + ":" + Daemons.ENTRY;
  }

  /** {@code -4} or {@code -6}, as most programs want it. */
  public String option() {
    return this == IPV4 ? "-4" : "-6";
  }

  /** The length of a header of this family without options, in bytes. */
  public int headerBytes() {
    return this == IPV4 ? 20 : 40;
  }

  /** Bits of a whole address. */
  public int bits() {
    return this == IPV4 ? 32 : 128;
  }

  @Override
  public String toString() {
    return text;
  }
}
