// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DnsMessage;
import oasis.packet.FlowKey;
import oasis.tcp.Failure;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LookupsTest {
  private static final int TRUNCATED = 0x200;
  private static final long SECOND_NS = 1_000_000_000L;
  private static final Address V4 = Address.parse("192.0.2.9");
  private static final Address V6 = Address.parse("2001:db8::9");

  private final List<ByteBuffer> queries = new ArrayList<>();
  private final List<String> results = new ArrayList<>();
  private final Lookups lookups =
      new Lookups(
          List.of(Address.parse("192.0.2.53"), Address.parse("192.0.2.54")),
          Address.parse("198.18.0.1"),
          null,
          7,
          ByteBuffer.allocateDirect(1 << 16),
          0,
          new Recorder());

  private final class Recorder implements Lookups.Results {
    @Override
    public void found(long connection, List<Address> addresses) {
      results.add(connection + " " + addresses);
    }

    @Override
    public void failed(long connection, Failure why) {
      results.add(connection + " " + why);
    }

    @Override
    public void send(Burst query) {
      queries.add(Packets.direct(Packets.bytes(query)));
    }
  }

  /** Answers a query with the address, or with none. */
  private void answer(ByteBuffer query, int rcode, Address... addresses) {
    Burst b = Packets.burst(query);
    FlowKey back = new FlowKey().of(b).reverse();
    byte[] question = new byte[b.payloadBytes() - 11]; // without EDNS
    query.get(b.pieceStart(0), question);
    ByteBuffer reply = ByteBuffer.allocate(question.length + 28 * addresses.length);
    reply.put(question);
    reply.putShort(2, (short) (0x8180 | rcode));
    reply.putShort(6, (short) addresses.length).putShort(10, (short) 0);
    for (Address one : addresses) {
      reply.putShort((short) 0xc00c).putShort((short) (one.isV4() ? 1 : 28)).putShort((short) 1);
      reply.putInt(300).putShort((short) (one.isV4() ? 4 : 16));
      if (one.isV4()) {
        reply.putInt((int) one.lo());
      } else {
        reply.putLong(one.hi()).putLong(one.lo());
      }
    }
    byte[] bytes = Arrays.copyOf(reply.array(), reply.position());
    lookups.onAnswer(Packets.burst(Packets.udp(back, bytes)), 0);
  }

  private static int type(ByteBuffer query) {
    DnsMessage message = new DnsMessage();
    Burst b = Packets.burst(query);
    assertThat(message.check(query, b.pieceStart(0), b.payloadBytes())).isNull();
    assertThat(message.name()).isEqualTo("www.example.org");
    return message.type();
  }

  @Test
  void anAddressNeedsNoServer() {
    lookups.begin(1, "192.0.2.9", 0);
    lookups.begin(2, "2001:db8::9", 0);
    assertThat(queries).isEmpty();
    assertThat(results).containsExactly("1 [192.0.2.9]", "2 [2001:db8::9]");
  }

  @Test
  void bothFamiliesAreAskedOnceForAllWhoWaitAndTheAnswerIsKept() {
    lookups.begin(1, "www.example.org", 0);
    lookups.begin(2, "www.example.org", 0);
    assertThat(queries).extracting(LookupsTest::type).containsExactly(1, 28);
    answer(queries.get(1), 0, V6);
    assertThat(results).isEmpty();
    answer(queries.get(0), 0, V4);
    assertThat(results).containsExactly("1 [192.0.2.9, 2001:db8::9]", "2 [192.0.2.9, 2001:db8::9]");
    lookups.begin(3, "www.example.org", SECOND_NS);
    assertThat(queries).hasSize(2);
    assertThat(results).hasSize(3);
    lookups.begin(4, "www.example.org", 6 * SECOND_NS);
    assertThat(queries).as("kept for five seconds").hasSize(4);
  }

  @Test
  void anIpv4AddressWaitsForNothing() {
    lookups.begin(1, "www.example.org", 0);
    answer(queries.get(0), 0, V4);
    assertThat(results).containsExactly("1 [192.0.2.9]");
  }

  @Test
  void aNameThatDoesNotExistFails() {
    lookups.begin(1, "www.example.org", 0);
    answer(queries.get(0), 3);
    answer(queries.get(1), 3);
    assertThat(results).containsExactly("1 NO_SUCH_NAME");
  }

  @Test
  void aServerThatFailsOrIsSilentIsNotTheLastOne() {
    lookups.begin(1, "www.example.org", 0);
    answer(queries.get(0), 2);
    lookups.onTimer(SECOND_NS);
    assertThat(queries).hasSize(4);
    assertThat(queries.get(2).getInt(16)).as("server").isEqualTo((int) 0xc0000236L);
    answer(queries.get(2), 0, V4);
    assertThat(results).containsExactly("1 [192.0.2.9]");
  }

  @Test
  void aTruncatedAnswerWithoutAddressesIsNone() {
    lookups.begin(1, "www.example.org", 0);
    answer(queries.get(0), TRUNCATED);
    answer(queries.get(1), 0);
    assertThat(results).isEmpty();
    lookups.onTimer(SECOND_NS);
    assertThat(queries).hasSize(3);
    answer(queries.get(2), 0, V4);
    assertThat(results).containsExactly("1 [192.0.2.9]");
  }

  @Test
  void aTruncatedAnswerWithAnAddressWillDo() {
    lookups.begin(1, "www.example.org", 0);
    answer(queries.get(0), TRUNCATED, V4);
    assertThat(results).containsExactly("1 [192.0.2.9]");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5, TRUNCATED})
  void theFailureOfAllServersIsNoLackOfAddresses(int rcode) {
    lookups.begin(1, "www.example.org", 0);
    for (int answered = 0; lookups.nextDeadlineNs() != Long.MAX_VALUE; ) {
      while (answered < queries.size()) {
        answer(queries.get(answered++), rcode);
      }
      lookups.onTimer(lookups.nextDeadlineNs());
    }
    assertThat(results).containsExactly("1 NAME_FAILED");
  }

  @Test
  void silenceEnds() {
    lookups.begin(1, "www.example.org", 0);
    while (lookups.nextDeadlineNs() != Long.MAX_VALUE) {
      lookups.onTimer(lookups.nextDeadlineNs());
    }
    assertThat(results).containsExactly("1 NAME_TIMEOUT");
    assertThat(queries).hasSize(8);
    assertThat(lookups.size()).isZero();
  }

  @Test
  void whateverArrivesIsSurvivedAndBelievedOnlyIfAskedFor() {
    Gen.cases(
        500,
        gen -> {
          queries.clear();
          lookups.begin(1, "www.example.org", 10L * SECOND_NS);
          FlowKey back = new FlowKey();
          if (!queries.isEmpty()) {
            Burst b = Packets.burst(queries.get(0));
            byte[] noise = new byte[b.payloadBytes()];
            queries.get(0).get(b.pieceStart(0), noise);
            for (int i = 0; i < 8; i++) {
              noise[gen.below(noise.length)] = (byte) gen.anyInt();
            }
            lookups.onAnswer(Packets.burst(Packets.udp(back.of(b).reverse(), noise)), 0);
          }
        });
    assertThat(results.stream().filter(line -> line.contains("["))).isEmpty();
  }
}
