// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.List;
import oasis.exit.engine.FlowInfo;
import oasis.exit.engine.FlowRecord;
import oasis.exit.engine.Snapshots;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * A connection as its destination saw it: {@code tcp|udp|icmp SOURCE [DESTINATION]}, each end as
 * {@code 192.0.2.1:80} or {@code [2001:db8::1]:80}. The port of a ping's source is its identifier;
 * its destination has none.
 *
 * @param protocol IP protocol number
 * @param source this node's end
 * @param sourcePort its port or identifier; 0 for a ping of any identifier
 * @param destination the other end, or null when it is not known
 * @param destinationPort its port; 0 for a ping
 */
record OuterTuple(
    int protocol,
    Address source,
    int sourcePort,
    @Nullable Address destination,
    int destinationPort) {
  private static final String FORM =
      "write for example tcp 198.51.100.1:61000 203.0.113.9:80, udp [2001:db8::1]:61000, or icmp"
          + " 198.51.100.1:61000 203.0.113.9";

  private record End(Address address, int port) {
    boolean v4() {
      return address.isV4();
    }
  }

  /**
   * Reads a tuple.
   *
   * @throws IllegalArgumentException in one line, with an example
   */
  static OuterTuple parse(String text) {
    List<String> words = List.of(text.strip().split("\\s+", -1));
    if (words.size() < 2 || words.size() > 3) {
      throw new IllegalArgumentException("\"" + text + "\" is no connection: " + FORM);
    }
    boolean ping = words.get(0).equals("icmp") || words.get(0).equals("icmp6");
    if (!ping && !words.get(0).equals("tcp") && !words.get(0).equals("udp")) {
      throw new IllegalArgumentException("\"" + words.get(0) + "\" is no protocol: " + FORM);
    }
    End from = end(words.get(1));
    End to = words.size() == 3 ? end(words.get(2)) : null;
    if (to != null && to.v4() != from.v4()) {
      throw new IllegalArgumentException("both ends must have addresses of one IP version");
    }
    if (!ping && (from.port == 0 || to != null && to.port == 0)) {
      throw new IllegalArgumentException("an end lacks its port: " + FORM);
    }
    if (ping && to == null && from.port == 0) {
      throw new IllegalArgumentException("give the identifier or the destination: " + FORM);
    }
    int icmp = from.v4() ? Ip.ICMP : Ip.ICMP6;
    int protocol = ping ? icmp : words.get(0).equals("tcp") ? Ip.TCP : Ip.UDP;
    Address destination = to == null ? null : to.address;
    return new OuterTuple(
        protocol, from.address, from.port, destination, to == null || ping ? 0 : to.port);
  }

  private static End end(String word) {
    int colon = word.lastIndexOf(':');
    boolean bracket = word.startsWith("[");
    boolean port =
        colon > 0 && (bracket ? word.charAt(colon - 1) == ']' : word.indexOf(':') == colon);
    String address = port ? word.substring(0, colon) : word;
    if (bracket && address.endsWith("]")) {
      address = address.substring(1, address.length() - 1);
    }
    String number = port ? word.substring(colon + 1) : "0";
    if (!number.matches("[0-9]{1,5}") || Integer.parseInt(number) > 0xffff) {
      throw new IllegalArgumentException("\"" + word + "\" is no ADDRESS:PORT: " + FORM);
    }
    try {
      return new End(Address.parse(address), Integer.parseInt(number));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("\"" + word + "\" is no ADDRESS:PORT: " + FORM, e);
    }
  }

  /** Whether a flow of the running node may be this one. */
  boolean matches(FlowRecord flow) {
    if (flow.protocol != protocol
        || Addresses.isV4(flow.remoteHi, flow.remoteLo) != source.isV4()) {
      return false;
    }
    if (destination != null
        && (flow.remoteHi != destination.hi()
            || flow.remoteLo != destination.lo()
            || !ping() && flow.remotePort != destinationPort)) {
      return false;
    }
    if (flow.mappedPort == 0) {
      // The kernel backend does not know under which address and port the kernel sends.
      return destination != null || ping() || flow.sourcePort == sourcePort;
    }
    return flow.mappedHi == source.hi()
        && flow.mappedLo == source.lo()
        && (sourcePort == 0 || flow.mappedPort == sourcePort);
  }

  /** The same of a flow as the log has it. */
  boolean matches(FlowInfo flow) {
    if (!flow.protocol().equals(Snapshots.protocol(protocol))
        || destination != null && !flow.destination().equals(destinationText())) {
      return false;
    }
    if (byKernel(flow)) {
      boolean sameVersion = isV6(flow.mapped()) != source.isV4();
      return sameVersion && (destination != null || ping() || hasPort(flow));
    }
    return sourcePort == 0
        ? flow.mapped().startsWith(ends(source) + ":")
        : flow.mapped().equals(sourceText());
  }

  /** Whether the kernel chose under which address and port the flow left. */
  static boolean byKernel(FlowInfo flow) {
    return flow.mapped().indexOf('.') >= 0
        ? flow.mapped().indexOf(':') < 0
        : !flow.mapped().startsWith("[");
  }

  private static boolean isV6(String mapped) {
    return mapped.indexOf('.') < 0;
  }

  /** Whether a flow has the asked port inside, which the kernel keeps if it can. */
  boolean hasPort(FlowInfo flow) {
    return !ping() && flow.source().endsWith(":" + sourcePort);
  }

  private boolean ping() {
    return protocol == Ip.ICMP || protocol == Ip.ICMP6;
  }

  private static String ends(Address address) {
    return address.isV4() ? address.toString() : "[" + address + "]";
  }

  private String sourceText() {
    return ends(source) + (sourcePort == 0 ? "" : ":" + sourcePort);
  }

  /** The destination as the log writes it; empty when it is not known. */
  private String destinationText() {
    if (destination == null) {
      return "";
    }
    return ping() ? destination.toString() : ends(destination) + ":" + destinationPort;
  }

  /** Whether a line of the log may be about such a flow; quick, and true too often. */
  boolean mayConcern(String line) {
    return destination == null || line.contains("\"" + destinationText() + "\"");
  }

  /** The words that read back as this. */
  @Override
  public String toString() {
    String words = (ping() ? "icmp" : Snapshots.protocol(protocol)) + " " + sourceText();
    return destination == null ? words : words + " " + destinationText();
  }
}
