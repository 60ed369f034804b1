// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header rules of a rule set for the kernel, as nftables text. The kernel decides only whether
 * a connection belongs to any overlay; which one is decided in user space. Its cost depends on the
 * number of shapes (which fields rules look at) and not on the number of rules.
 *
 * <p>All rules for overlays have the same verdict, so that their order among each other does not
 * matter; nor does the order of plain underlay rules, which return. Order matters only between an
 * underlay rule and an overlay rule that share packets. So each region of a rule gets a level: an
 * underlay region one more than the highest earlier overlay region that it shares packets with, an
 * overlay region that of the highest earlier underlay region. A chain that looks at level 0, 1, …
 * and in each level at the underlay regions first, finds what first match finds: of two regions
 * that share packets and differ in verdict, the earlier one is looked at first. Usually there is
 * one level. Underlay regions behind the last overlay region have no effect and are left out.
 *
 * <p>Within a level, the regions of one verdict and one shape are one set of intervals; regions
 * with several fields that overlap go to separate sets ({@link NftSets}), because the kernel
 * refuses overlapping concatenations. A region of very many combinations (long lists in several
 * fields) becomes a statement of its own.
 *
 * <p>What a rule says of programs is a condition on the notes of {@link NftPrograms}, which have to
 * be made before. Rules with the same condition share sets; two with conditions that exclude each
 * other share no packets.
 *
 * <p>Names, the TCP flags of a connection's first packet and the restriction to TCP, UDP and ICMP
 * echo are the business of the chain's owner.
 *
 * @param sets set definitions, to stand inside the table; empty if none are needed
 * @param statements the body of a chain that decides packets which begin a connection; empty if no
 *     header rule names an overlay
 */
public record NftHeaderRules(String sets, String statements) {

  /** A region with its condition on programs, its verdict and its level. */
  private record Placed(
      HeaderRegion region, NftPrograms.Condition condition, boolean overlay, int level) {
    boolean overlaps(HeaderRegion other, NftPrograms.Condition otherCondition) {
      return !condition.excludes(otherCondition) && region.overlaps(other);
    }
  }

  /** What goes into one set or one run of sets, in the order of the chain. */
  private record Shape(boolean ipv6, NftPrograms.Condition condition, List<Boolean> used) {
    static Shape of(Placed place) {
      List<Boolean> used = new ArrayList<>();
      for (int i = 0; i < HeaderRegion.DIMENSIONS; i++) {
        used.add(!place.region.isFull(i));
      }
      return new Shape(place.region.ipv6(), place.condition, List.copyOf(used));
    }

    int[] dimensions() {
      int[] all = new int[HeaderRegion.DIMENSIONS];
      int count = 0;
      for (int i = 0; i < all.length; i++) {
        if (used.get(i)) {
          all[count++] = i;
        }
      }
      return Arrays.copyOf(all, count);
    }
  }

  /**
   * Compiles the union of all header rules.
   *
   * @param verdict what happens to a packet that belongs to an overlay, such as {@code goto
   *     capture}
   * @param ipv6 whether rules apply to IPv6 packets too
   */
  public static NftHeaderRules compile(RuleSet rules, String verdict, boolean ipv6) {
    List<Placed> placed = place(rules, ipv6);
    NftSets out = new NftSets();
    int levels = placed.stream().mapToInt(Placed::level).max().orElse(-1) + 1;
    for (int level = 0; level < levels; level++) {
      emit(out, select(placed, level, false), "return");
      emit(out, select(placed, level, true), verdict);
    }
    return new NftHeaderRules(out.sets(), out.statements());
  }

  private static List<Placed> place(RuleSet rules, boolean ipv6) {
    List<Placed> overlays = new ArrayList<>();
    List<Placed> underlays = new ArrayList<>();
    List<Placed> all = new ArrayList<>();
    int useful = 0;
    for (Rule rule : rules.rules()) {
      NftPrograms.Condition condition = NftPrograms.condition(rule.subset(), rules.programs());
      boolean overlay = !rule.isPlainUnderlay();
      for (HeaderRegion region : HeaderRegion.of(rule.subset())) {
        if (region.ipv6() && !ipv6) {
          continue;
        }
        int level = highest(overlay ? underlays : overlays, region, condition) + (overlay ? 0 : 1);
        Placed place = new Placed(region, condition, overlay, Math.max(0, level));
        (overlay ? overlays : underlays).add(place);
        all.add(place);
        useful = overlay ? all.size() : useful;
      }
    }
    return all.subList(0, useful);
  }

  /** The highest level of those that share packets with a region, or -1. */
  private static int highest(
      List<Placed> earlier, HeaderRegion region, NftPrograms.Condition condition) {
    int highest = -1;
    for (Placed other : earlier) {
      if (other.level > highest && other.overlaps(region, condition)) {
        highest = other.level;
      }
    }
    return highest;
  }

  private static Map<Shape, List<HeaderRegion>> select(
      List<Placed> placed, int level, boolean overlay) {
    Map<Shape, List<HeaderRegion>> byShape = new LinkedHashMap<>();
    for (Placed place : placed) {
      if (place.level == level && place.overlay == overlay) {
        byShape.computeIfAbsent(Shape.of(place), same -> new ArrayList<>()).add(place.region);
      }
    }
    return byShape;
  }

  private static void emit(NftSets out, Map<Shape, List<HeaderRegion>> byShape, String verdict) {
    byShape.forEach(
        (shape, regions) ->
            out.condition(shape.condition.text())
                .add(shape.ipv6, shape.dimensions(), regions, verdict));
  }
}
