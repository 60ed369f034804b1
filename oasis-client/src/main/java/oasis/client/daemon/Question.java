// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import oasis.io.config.ConfigException;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.rules.ProgramFacts;
import oasis.rules.Term;
import org.jspecify.annotations.Nullable;

/**
 * What {@code explain} is asked about: a name, or a 5-tuple {@code tcp|udp|icmp [SOURCE]
 * DESTINATION} with {@code 192.0.2.1:80}, {@code [2001:db8::1]:80} or a bare address for each end;
 * and behind it, of the program that begins the connection, {@code uid NUMBER} and {@code cgroup
 * PATH}.
 *
 * @param name lower case, without the last dot; null for a 5-tuple
 * @param key null for a name; without a source its address is unspecified and its port 0
 * @param program what is said of the program
 */
record Question(@Nullable String name, @Nullable FlowKey key, ProgramFacts program) {
  private static final String FORM =
      "write a name, or for example tcp 192.0.2.1:80, or tcp 10.0.0.5:40000 192.0.2.1:80; behind"
          + " it uid 1000, cgroup PATH or both";

  private record End(Address address, int port) {}

  /** Reads a question. */
  static Question parse(String text) throws ConfigException {
    List<String> words = new ArrayList<>(List.of(text.strip().split("\\s+")));
    ProgramFacts program = program(words);
    int protocol =
        switch (words.get(0)) {
          case "tcp" -> Ip.TCP;
          case "udp" -> Ip.UDP;
          case "icmp" -> Ip.ICMP;
          default -> 0;
        };
    if (words.size() == 1) {
      return new Question(name(words.get(0)), null, program);
    }
    if (protocol == 0 || words.size() > 3) {
      throw new ConfigException("\"" + text + "\" is no 5-tuple: " + FORM);
    }
    return new Question(null, key(protocol, words.toArray(String[]::new)), program);
  }

  /** Takes what is said of the program off the end. */
  private static ProgramFacts program(List<String> words) throws ConfigException {
    Long uid = null;
    String group = null;
    for (int at = words.size() - 2; at > 0; at = words.size() - 2) {
      String value = words.get(at + 1);
      if (words.get(at).equals("uid") && uid == null) {
        uid = uid(value);
      } else if (words.get(at).equals("cgroup") && group == null) {
        group = ProgramFacts.group(value);
        if (group == null) {
          throw new ConfigException("\"" + value + "\" is no control group: " + FORM);
        }
      } else {
        break;
      }
      words.subList(at, words.size()).clear();
    }
    return new ProgramFacts(uid, group);
  }

  private static Long uid(String word) throws ConfigException {
    long uid = word.matches("[0-9]{1,10}") ? Long.parseLong(word) : -1;
    if (uid < 0 || uid > Term.UserRange.MAX) {
      throw new ConfigException("\"" + word + "\" is no user id: " + FORM);
    }
    return uid;
  }

  private static String name(String word) throws ConfigException {
    String name = word.toLowerCase(Locale.ROOT);
    name = name.length() > 1 && name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    if (!name.matches("[!-~]{1,253}") || name.indexOf(':') >= 0 || isAddress(name)) {
      throw new ConfigException("\"" + word + "\" is no name: " + FORM);
    }
    return name;
  }

  private static FlowKey key(int protocol, String[] words) throws ConfigException {
    End to = end(words[words.length - 1]);
    boolean ipv4 = Addresses.isV4(to.address.hi(), to.address.lo());
    End from = words.length == 3 ? end(words[1]) : new End(any(ipv4), 0);
    if (Addresses.isV4(from.address.hi(), from.address.lo()) != ipv4) {
      throw new ConfigException("both ends must have addresses of one family");
    }
    boolean icmp = protocol == Ip.ICMP;
    if (!icmp && to.port == 0) {
      throw new ConfigException(
          "\"" + words[words.length - 1] + "\" lacks the port: write for example 192.0.2.1:80");
    }
    // An echo's identifier stands for both ports.
    int sport = icmp ? to.port : from.port;
    return new FlowKey()
        .set(
            from.address.hi(),
            from.address.lo(),
            to.address.hi(),
            to.address.lo(),
            icmp && !ipv4 ? Ip.ICMP6 : protocol,
            sport,
            to.port);
  }

  private static End end(String word) throws ConfigException {
    int colon = word.lastIndexOf(':');
    boolean port =
        colon >= 0
            && (word.startsWith("[") ? word.charAt(colon - 1) == ']' : word.indexOf(':') == colon);
    String address = port ? word.substring(0, colon) : word;
    if (address.startsWith("[") && address.endsWith("]")) {
      address = address.substring(1, address.length() - 1);
    }
    String number = port ? word.substring(colon + 1) : "0";
    if (!isAddress(address) || !number.matches("[0-9]{1,5}") || Integer.parseInt(number) > 0xffff) {
      throw new ConfigException("\"" + word + "\" is no ADDRESS:PORT: " + FORM);
    }
    return new End(Address.parse(address), Integer.parseInt(number));
  }

  private static Address any(boolean ipv4) {
    return Address.parse(ipv4 ? "0.0.0.0" : "::");
  }

  private static boolean isAddress(String text) {
    try {
      return Address.parse(text) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
