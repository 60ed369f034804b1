// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;

/** DNS answers by UDP that come in fragments, or several in one burst. */
class DnsFragmentTest {
  private static final String NAME = "www.example.org";
  private static final String PLAIN = "www.example.net";
  private static final String RULE = "name:*.example.org ron";
  private static final int PORT = 40_001;

  /** How the resolver is reached. */
  private enum Way {
    OVERLAY,
    UNDERLAY;

    EngineRig rig(Family f) {
      return this == OVERLAY ? new EngineRig(f, "udp dport 53 ron", RULE) : new EngineRig(f, RULE);
    }

    int carrier(EngineRig rig) {
      return this == OVERLAY ? rig.ron : Carriers.UNDERLAY;
    }
  }

  /** An answer of about 2,500 bytes. */
  private static byte[] longAnswer(Family f, String name, int rcode) {
    String[] addresses =
        IntStream.range(0, f.v4() ? 150 : 85)
            .mapToObj(i -> f.v4() ? "203.0.113." + (i + 1) : "2001:db8:1::" + (i + 1))
            .toArray(String[]::new);
    return EngineRig.answer(name, f.type(), rcode, addresses);
  }

  /** The program asks; gives the key of the answer on its way back. */
  private static FlowKey ask(EngineRig rig, Way way, String name) {
    Family f = rig.family;
    byte[] query = EngineRig.query(name, f.type());
    rig.send(Packets.udp(f.udp(f.host, PORT, f.resolver, 53), query));
    String to = way == Way.OVERLAY ? "carrier " + rig.ron : "underlay";
    return EngineRig.keyOf(rig.out.only(to)).reverse();
  }

  /** What the program gets when it asks for a name and the answer comes cut in two. */
  private static List<byte[]> exchange(
      EngineRig rig, Way way, String name, byte[] answer, int head) {
    FlowKey back = ask(rig, way, name);
    for (ByteBuffer fragment : rig.family.cut(Packets.udp(back, answer), head, 77)) {
      rig.receive(way.carrier(rig), fragment);
    }
    return rig.out.all("tun");
  }

  private static Message onlyMessage(Family f, List<byte[]> packets) {
    assertThat(packets).hasSize(1);
    FlowKey key = EngineRig.keyOf(packets.get(0));
    assertThat(key).usingRecursiveComparison().isEqualTo(f.udp(f.resolver, 53, f.host, PORT));
    return EngineRig.message(EngineRig.payload(packets.get(0)));
  }

  private static void assertAsksForTcp(Message told, String name) {
    assertThat(told.getHeader().getFlag(Flags.TC)).isTrue();
    assertThat(told.getHeader().getFlag(Flags.QR)).isTrue();
    assertThat(told.getHeader().getID()).isEqualTo(4_711);
    assertThat(told.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(told.getQuestion().getName()).hasToString(name + ".");
    assertThat(told.getSection(Section.ANSWER)).isEmpty();
    assertThat(told.getOPT()).as("EDNS").isNotNull();
  }

  @ParameterizedTest
  @EnumSource
  void aMatchingNameIsToBeAskedForByTcpWhicheverWayTheFragmentsCome(Family f) {
    byte[] answer = longAnswer(f, NAME, Rcode.NOERROR);
    for (Way way : Way.values()) {
      List<byte[]> told = exchange(way.rig(f), way, NAME, answer, 1_200);
      assertAsksForTcp(onlyMessage(f, told), NAME);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNameWithoutARulePassesByteForByteWhereAllOfItComes(Family f) {
    byte[] answer = longAnswer(f, PLAIN, Rcode.NOERROR);
    List<byte[]> packets = exchange(Way.OVERLAY.rig(f), Way.OVERLAY, PLAIN, answer, 1_200);
    assertThat(packets).hasSize(2);
    assertThat(EngineRig.payload(joined(packets))).isEqualTo(answer);
  }

  @ParameterizedTest
  @EnumSource
  void byTheUnderlayTheRestDoesNotComeSoEveryNameIsToBeAskedForByTcp(Family f) {
    byte[] answer = longAnswer(f, PLAIN, Rcode.NOERROR);
    List<byte[]> told = exchange(Way.UNDERLAY.rig(f), Way.UNDERLAY, PLAIN, answer, 1_200);
    assertAsksForTcp(onlyMessage(f, told), PLAIN);
  }

  @ParameterizedTest
  @EnumSource
  void whatWouldPassInOnePacketPassesInFragments(Family f) {
    byte[] no = longAnswer(f, NAME, Rcode.NXDOMAIN);
    List<byte[]> packets = exchange(Way.OVERLAY.rig(f), Way.OVERLAY, NAME, no, 1_200);
    assertThat(EngineRig.payload(joined(packets))).isEqualTo(no);
    byte[] answer = longAnswer(f, PLAIN, Rcode.NOERROR);
    EngineRig rig =
        new EngineRig(f, "udp dport 53 ron", "name:*.example.net underlay", "name:* ron");
    packets = exchange(rig, Way.OVERLAY, PLAIN, answer, 1_200);
    assertThat(EngineRig.payload(joined(packets))).isEqualTo(answer);
  }

  @ParameterizedTest
  @EnumSource
  void withoutTheWholeQuestionNothingPasses(Family f) {
    byte[] answer = longAnswer(f, PLAIN, Rcode.NOERROR);
    for (Way way : Way.values()) {
      for (int head : new int[] {8, 32}) {
        EngineRig rig = way.rig(f);
        assertThat(exchange(rig, way, PLAIN, answer, head)).isEmpty();
        assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("FRAGMENT", 2L);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void mergedAnswersArePartedAndJudgedOneByOne(Family f) {
    EngineRig rig = Way.OVERLAY.rig(f);
    FlowKey back = ask(rig, Way.OVERLAY, NAME);
    byte[] faked = EngineRig.answer(NAME, f.type(), 0, f.server);
    byte[] plain = EngineRig.answer(PLAIN, f.type(), 0, f.server);
    assertThat(plain).hasSameSizeAs(faked);
    byte[] shorter = EngineRig.answer(NAME, f.type(), Rcode.NXDOMAIN);
    ByteBuffer all = ByteBuffer.allocate(2 * faked.length + shorter.length);
    all.put(faked).put(plain).put(shorter);
    Burst run = f.offloaded(Packets.udp(back, all.array()), faked.length);
    assertThat(run.segments()).isEqualTo(3);
    rig.engine.onCarrier(rig.ron, run, rig.nowNs);
    List<byte[]> packets = rig.out.all("tun");
    assertThat(packets).hasSize(3);
    Message first = EngineRig.message(EngineRig.payload(packets.get(0)));
    assertThat(EngineRig.addressOf(first.getSection(Section.ANSWER).get(0)))
        .startsWith(f.v4() ? "198.18." : "fdc6:");
    assertThat(EngineRig.payload(packets.get(1))).isEqualTo(plain);
    assertThat(EngineRig.payload(packets.get(2))).isEqualTo(shorter);
  }

  /**
   * Answers cut anywhere, with fragments in any order, twice, or lost: the program learns no real
   * address of a matching name, gets what it gets unchanged otherwise, and is never left without an
   * answer whose first fragment came with the question in it.
   */
  @ParameterizedTest
  @EnumSource
  void noFragmentsTellARealAddress(Family f) {
    Gen.cases(
        200,
        gen -> {
          boolean matches = gen.flip();
          String name = matches ? NAME : PLAIN;
          Way way = gen.flip() ? Way.OVERLAY : Way.UNDERLAY;
          byte[] answer = longAnswer(f, name, Rcode.NOERROR);
          EngineRig rig = way.rig(f);
          FlowKey back = ask(rig, way, name);
          int head = 8 * gen.range(1, 250);
          List<ByteBuffer> fragments =
              new ArrayList<>(Arrays.asList(f.cut(Packets.udp(back, answer), head, 77)));
          boolean swapped = gen.chance(0.3);
          if (swapped) {
            Collections.reverse(fragments);
          }
          boolean again = gen.chance(0.2);
          if (again) {
            fragments.add(fragments.get(0).duplicate());
          }
          fragments.forEach(fragment -> rig.receive(way.carrier(rig), copy(fragment)));
          check(
              rig.out.all("tun"), answer, way == Way.OVERLAY && !matches, head, swapped && !again);
        });
  }

  private static void check(
      List<byte[]> packets, byte[] answer, boolean passes, int head, boolean restLost) {
    Reassembly reassembly = new Reassembly();
    List<byte[]> got = new ArrayList<>();
    for (byte[] packet : packets) {
      Burst b = Packets.burst(Packets.direct(packet));
      byte[] whole = b.fragment() ? reassembly.add(packet, b) : packet;
      if (whole != null) {
        got.add(EngineRig.payload(whole));
      }
    }
    boolean question = head >= 8 + 12 + NAME.length() + 2 + 4;
    if (passes) {
      // Cut in the question, it passes no more than one that nobody can tell from a matching one.
      assertThat(got).allMatch(message -> Arrays.equals(message, answer));
      assertThat(got.isEmpty()).as("nothing").isEqualTo(!question || restLost);
    } else {
      got.forEach(message -> assertAsksForTcp(EngineRig.message(message), nameOf(message)));
      assertThat(got.isEmpty()).as("nothing").isEqualTo(!question);
      assertThat(packets).hasSameSizeAs(got);
    }
  }

  private static String nameOf(byte[] message) {
    return EngineRig.message(message).getQuestion().getName().toString(true);
  }

  @ParameterizedTest
  @EnumSource
  void damagedFragmentsNeverThrow(Family f) {
    Gen.cases(
        300,
        gen -> {
          Way way = gen.flip() ? Way.OVERLAY : Way.UNDERLAY;
          EngineRig rig = way.rig(f);
          byte[] answer = longAnswer(f, NAME, Rcode.NOERROR);
          for (int i = gen.range(1, 8); i > 0; i--) {
            answer[gen.below(gen.flip() ? 40 : answer.length)] = (byte) gen.below(256);
          }
          exchange(rig, way, NAME, answer, 8 * gen.range(1, 250));
        });
  }

  private static ByteBuffer copy(ByteBuffer packet) {
    return ByteBuffer.allocateDirect(packet.capacity()).put(0, packet, 0, packet.capacity());
  }

  private static byte[] joined(List<byte[]> fragments) {
    Reassembly reassembly = new Reassembly();
    for (byte[] fragment : fragments) {
      byte[] whole = reassembly.add(fragment, Packets.burst(Packets.direct(fragment)));
      if (whole != null) {
        return whole;
      }
    }
    throw new AssertionError("not all of its fragments");
  }
}
