// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import oasis.packet.Addresses;

/**
 * Writes regions of one shape as nftables sets with intervals and the statements that look into
 * them. A set over one field is merged. A set over several fields (a concatenation) must not hold
 * overlapping elements: boxes that lie in another are dropped, and boxes that overlap go to
 * different sets; without overlaps, which is the usual case, there is one.
 */
final class NftSets {
  /** Most elements of one region in a set; above, the region becomes a statement of its own. */
  private static final int MAX_BOXES = 1_024;

  private static final String[] TYPES = {
    "inet_proto", "inet_service", "inet_service", "ipv4_addr", "ipv4_addr"
  };
  private static final String[] TYPES6 = {
    "inet_proto", "inet_service", "inet_service", "ipv6_addr", "ipv6_addr"
  };
  private static final String[] FIELDS = {
    "meta l4proto", "th sport", "th dport", "ip saddr", "ip daddr"
  };
  private static final String[] FIELDS6 = {
    "meta l4proto", "th sport", "th dport", "ip6 saddr", "ip6 daddr"
  };

  private final StringBuilder sets = new StringBuilder();
  private final StringBuilder statements = new StringBuilder();
  private int count;
  private String condition = "";

  /**
   * Puts what the statements from now on ask for beside the fields: text that ends with a blank.
   */
  NftSets condition(String text) {
    condition = text;
    return this;
  }

  String sets() {
    return sets.toString();
  }

  String statements() {
    return statements.toString();
  }

  /**
   * Adds regions of one shape.
   *
   * @param dimensions the fields that the regions look at, ascending
   */
  void add(boolean ipv6, int[] dimensions, List<HeaderRegion> regions, String verdict) {
    if (dimensions.length == 0) {
      statements.append(family(ipv6)).append(verdict).append('\n');
      return;
    }
    if (dimensions.length == 1) {
      Ranges union =
          Ranges.union(regions.stream().map(r -> r.dimensions().get(dimensions[0])).toList());
      List<List<Ranges>> elements = new ArrayList<>();
      for (int i = 0; i < union.count(); i++) {
        elements.add(List.of(union.range(i)));
      }
      addSet(ipv6, dimensions, elements, verdict);
      return;
    }
    List<List<Ranges>> boxes = new ArrayList<>();
    for (HeaderRegion region : regions) {
      long product = 1;
      for (int dimension : dimensions) {
        product = Math.min(product * region.dimensions().get(dimension).count(), MAX_BOXES + 1);
      }
      if (product > MAX_BOXES) {
        addStatement(ipv6, dimensions, region, verdict);
      } else {
        expand(region, dimensions, List.of(), boxes);
      }
    }
    for (List<List<Ranges>> layer : layers(boxes)) {
      addSet(ipv6, dimensions, layer, verdict);
    }
  }

  /** Adds each combination of one range per dimension. */
  private static void expand(
      HeaderRegion region, int[] dimensions, List<Ranges> begun, List<List<Ranges>> boxes) {
    if (begun.size() == dimensions.length) {
      boxes.add(begun);
      return;
    }
    Ranges set = region.dimensions().get(dimensions[begun.size()]);
    for (int i = 0; i < set.count(); i++) {
      List<Ranges> more = new ArrayList<>(begun);
      more.add(set.range(i));
      expand(region, dimensions, List.copyOf(more), boxes);
    }
  }

  /** Splits boxes into lists without overlaps, by a sweep over the field that tells most apart. */
  static List<List<List<Ranges>>> layers(List<List<Ranges>> boxes) {
    List<List<List<Ranges>>> layers = new ArrayList<>();
    if (boxes.isEmpty()) {
      return layers;
    }
    int sweep = mostDistinct(boxes);
    List<List<Ranges>> sorted = new ArrayList<>(boxes);
    sorted.sort(
        Comparator.comparing((List<Ranges> box) -> box.get(sweep), NftSets::firstThenWidest));
    List<List<Ranges>> active = new ArrayList<>();
    List<Integer> layerOf = new ArrayList<>();
    for (List<Ranges> box : sorted) {
      retire(active, layerOf, sweep, box.get(sweep));
      boolean[] taken = new boolean[layers.size() + 1];
      boolean covered = false;
      for (int i = 0; i < active.size() && !covered; i++) {
        if (overlap(active.get(i), box)) {
          taken[layerOf.get(i)] = true;
          covered = covers(active.get(i), box);
        }
      }
      if (!covered) {
        int layer = IntStream.range(0, taken.length).filter(i -> !taken[i]).findFirst().orElse(0);
        if (layer == layers.size()) {
          layers.add(new ArrayList<>());
        }
        layers.get(layer).add(box);
        active.add(box);
        layerOf.add(layer);
      }
    }
    return layers;
  }

  private static int mostDistinct(List<List<Ranges>> boxes) {
    int best = 0;
    long bestCount = -1;
    for (int i = 0; i < boxes.get(0).size(); i++) {
      int dimension = i;
      long distinct = boxes.stream().map(box -> box.get(dimension)).distinct().count();
      if (distinct > bestCount) {
        best = i;
        bestCount = distinct;
      }
    }
    return best;
  }

  private static int firstThenWidest(Ranges a, Ranges b) {
    int order = Ranges.compare(a.firstHi(), a.firstLo(), b.firstHi(), b.firstLo());
    return order != 0 ? order : Ranges.compare(b.lastHi(), b.lastLo(), a.lastHi(), a.lastLo());
  }

  /** Forgets boxes that end before the sweep's position. */
  private static void retire(
      List<List<Ranges>> active, List<Integer> layerOf, int sweep, Ranges now) {
    int kept = 0;
    for (int i = 0; i < active.size(); i++) {
      Ranges range = active.get(i).get(sweep);
      if (Ranges.compare(range.lastHi(), range.lastLo(), now.firstHi(), now.firstLo()) >= 0) {
        active.set(kept, active.get(i));
        layerOf.set(kept++, layerOf.get(i));
      }
    }
    active.subList(kept, active.size()).clear();
    layerOf.subList(kept, layerOf.size()).clear();
  }

  private static boolean overlap(List<Ranges> a, List<Ranges> b) {
    return IntStream.range(0, a.size()).allMatch(i -> a.get(i).overlaps(b.get(i)));
  }

  private static boolean covers(List<Ranges> a, List<Ranges> b) {
    return IntStream.range(0, a.size()).allMatch(i -> a.get(i).containsAll(b.get(i)));
  }

  private void addSet(boolean ipv6, int[] dimensions, List<List<Ranges>> elements, String verdict) {
    String name = "headers" + count++;
    sets.append("set ")
        .append(name)
        .append(" {\n  type ")
        .append(join(ipv6 ? TYPES6 : TYPES, dimensions))
        .append("\n  flags interval\n  elements = {\n");
    for (List<Ranges> element : elements) {
      sets.append("    ");
      for (int i = 0; i < dimensions.length; i++) {
        sets.append(i == 0 ? "" : " . ").append(text(ipv6, dimensions[i], element.get(i)));
      }
      sets.append(",\n");
    }
    sets.append("  }\n}\n");
    statements
        .append(family(ipv6))
        .append(join(ipv6 ? FIELDS6 : FIELDS, dimensions))
        .append(" @")
        .append(name)
        .append(' ')
        .append(verdict)
        .append('\n');
  }

  /** A region as a statement of its own. */
  private void addStatement(boolean ipv6, int[] dimensions, HeaderRegion region, String verdict) {
    statements.append(family(ipv6));
    for (int dimension : dimensions) {
      Ranges set = region.dimensions().get(dimension);
      statements
          .append((ipv6 ? FIELDS6 : FIELDS)[dimension])
          .append(" { ")
          .append(
              IntStream.range(0, set.count())
                  .mapToObj(i -> text(ipv6, dimension, set.range(i)))
                  .collect(Collectors.joining(", ")))
          .append(" } ");
    }
    statements.append(verdict).append('\n');
  }

  private String family(boolean ipv6) {
    return (ipv6 ? "meta nfproto ipv6 " : "meta nfproto ipv4 ") + condition;
  }

  private static String join(String[] names, int[] dimensions) {
    return IntStream.of(dimensions).mapToObj(i -> names[i]).collect(Collectors.joining(" . "));
  }

  private static String text(boolean ipv6, int dimension, Ranges range) {
    String first = number(ipv6, dimension, range.firstHi(), range.firstLo());
    String last = number(ipv6, dimension, range.lastHi(), range.lastLo());
    return first.equals(last) ? first : first + "-" + last;
  }

  /** A range of IPv6 addresses may begin or end among those that are held for IPv4. */
  private static String number(boolean ipv6, int dimension, long hi, long lo) {
    if (dimension < HeaderRegion.SRC) {
      return Long.toString(lo);
    }
    return ipv6 ? Addresses.text6(hi, lo) : Addresses.text(hi, lo);
  }
}
