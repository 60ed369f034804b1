// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.List;
import java.util.function.Predicate;
import oasis.packet.Ip;
import oasis.rules.Otherwise;

/** Rules whose meaning is written down twice: as text for the engine and as plain Java. */
final class ModelRules {
  /**
   * One rule.
   *
   * @param text what the engine reads
   * @param overlay which it names
   * @param otherwise what happens when that cannot serve
   * @param name whether it is about a name; false for all by a header rule
   * @param header whether it is about a connection; false for all by a name rule
   */
  record One(
      String text,
      String overlay,
      Otherwise otherwise,
      Predicate<String> name,
      Predicate<ModelKey> header) {
    @Override
    public String toString() {
      return text;
    }
  }

  static final List<One> ALL =
      List.of(
          name("name:*.example.org ron", Otherwise.UNDERLAY, n -> n.endsWith(".example.org")),
          name(
              "name:a.example.org narrow else next",
              Otherwise.NEXT,
              n -> n.equals("a.example.org")),
          name("name:*.org detour else block", Otherwise.BLOCK, n -> n.endsWith(".org")),
          name("name:*.net unknown else next", Otherwise.NEXT, n -> n.endsWith(".net")),
          name("name:*.example.net detour", Otherwise.UNDERLAY, n -> n.endsWith(".example.net")),
          name("name:c.example.org underlay", Otherwise.UNDERLAY, n -> n.equals("c.example.org")),
          header("tcp dport 80 detour", Otherwise.UNDERLAY, k -> k.tcp() && k.dport() == 80),
          header("tcp dport 443 underlay", Otherwise.UNDERLAY, k -> k.tcp() && k.dport() == 443),
          header("udp dport 9000-9100 ron else block", Otherwise.BLOCK, k -> udp(k, 9_000, 9_100)),
          header(
              "udp dport 9050-9200 unknown else next", Otherwise.NEXT, k -> udp(k, 9_050, 9_200)),
          header("icmp narrow else next", Otherwise.NEXT, ModelKey::echo),
          header("any ron else next", Otherwise.NEXT, k -> true));

  private ModelRules() {}

  private static boolean udp(ModelKey key, int from, int to) {
    return key.protocol() == Ip.UDP && key.dport() >= from && key.dport() <= to;
  }

  private static One name(String text, Otherwise otherwise, Predicate<String> matches) {
    return new One(text, text.split(" ", -1)[1], otherwise, matches, key -> false);
  }

  private static One header(String text, Otherwise otherwise, Predicate<ModelKey> matches) {
    String subset = text.replaceAll(" (ron|detour|narrow|underlay|unknown)( .*)?$", "");
    String overlay = text.substring(subset.length() + 1).split(" ", -1)[0];
    return new One(text, overlay, otherwise, name -> false, matches);
  }
}
