// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** The client's configuration: rules by prefix, of both families, and by name. */
final class RuleFile {
  private RuleFile() {}

  /**
   * Writes it.
   *
   * @param state the client's state directory
   * @param overlay URL of the overlay that all rules name
   * @param first an IPv4 prefix that the first rule is about
   * @param prefixCount so many rules by prefix, at least two: both families are among them
   * @param nameCount so many rules by name
   * @param seed draws the others; none of them is about the networks of the laboratory
   */
  static void write(
      Path state, String overlay, String first, int prefixCount, int nameCount, long seed)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Set<String> prefixes = new LinkedHashSet<>();
    prefixes.add(first);
    prefixes.add("2001:db8:7fff::/48");
    while (prefixes.size() < prefixCount) {
      int a = random.nextInt(1 << 16);
      prefixes.add(
          random.nextBoolean()
              ? "10." + (a >> 8) + "." + (a & 0xff) + ".0/" + random.nextInt(24, 33)
              : "2001:db8:" + Integer.toHexString(a | 0x8000) + "::/48");
    }
    StringBuilder text = new StringBuilder("<client xmlns=\"urn:oasis:client:1\">\n");
    text.append("  <overlay name=\"far\" url=\"").append(overlay).append("\"/>\n");
    prefixes.forEach(prefix -> text.append("  <rule>dst " + prefix + " far</rule>\n"));
    for (int i = 0; i < nameCount; i++) {
      text.append("  <rule>name:*.site" + random.nextInt(1 << 20) + "-" + i + ".edu far</rule>\n");
    }
    Files.createDirectories(state);
    Files.writeString(state.resolve("client.xml"), text.append("</client>\n"));
  }
}
