// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import oasis.packet.FlowKey;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * DNS by TCP between two plain ends over a network that loses, doubles and reorders: the server
 * gets the program's bytes, the program gets the server's, and fakes in the answers that a rule
 * matches.
 */
class DnsStreamPropertyTest {
  private static final String RULE = "name:*.example.org ron";
  private static final long STEP_NS = 5_000_000L;
  private static final int CASES = 8;

  /** One run: what is asked, what is answered, and how bad the network is. */
  private static final class Run {
    final EngineRig rig;
    final Gen gen;
    final TcpEnd program;
    @Nullable TcpEnd server;
    FlowKey onWire = new FlowKey();
    final List<byte[]> questions = new ArrayList<>();
    final List<byte[]> answers = new ArrayList<>();
    final List<Boolean> matched = new ArrayList<>();
    final double loss;
    final List<byte[]> towardsServer = new ArrayList<>();
    final List<byte[]> towardsProgram = new ArrayList<>();
    int answered;

    Run(Family family, Gen gen, double loss) throws Exception {
      this.gen = gen;
      this.loss = loss;
      rig = new EngineRig(family, RULE);
      FlowKey key = family.tcp(family.host, 40_001, family.resolver, 53);
      program = new TcpEnd(key, gen.anyInt(), gen.range(100, 1_300));
      for (int i = gen.range(1, 6); i > 0; i--) {
        exchange();
      }
    }

    private void exchange() throws Exception {
      boolean match = gen.flip();
      int id = gen.below(65_536);
      Name name = Name.fromString(match ? "www.example.org." : "www.example.net.");
      Message m = new Message(id);
      m.addRecord(Record.newRecord(name, match ? Type.A : Type.TXT, DClass.IN), Section.QUESTION);
      questions.add(framed(m.toWire()));
      m.getHeader().setFlag(Flags.QR);
      int bytes = gen.pick(0, 100, 1_000, 20_000, 60_000);
      for (int i = 0; i < bytes / 200; i++) {
        m.addRecord(new TXTRecord(name, DClass.IN, 9, "x".repeat(180)), Section.ANSWER);
      }
      for (int i = gen.below(6); match && i >= 0; i--) {
        InetAddress address = InetAddress.getByAddress(new byte[] {(byte) 203, 0, 113, (byte) i});
        m.addRecord(new ARecord(name, DClass.IN, 300, address), Section.ANSWER);
      }
      answers.add(framed(m.toWire(65_535)));
      matched.add(match);
      if (gen.chance(0.2)) {
        questions.add(framed(new byte[20]));
        answers.add(framed(gen.bytes(gen.below(40))));
        matched.add(false);
      }
    }

    /** Runs until both ends are done; false when they are not within two minutes. */
    boolean play() {
      questions.forEach(program::write);
      for (int step = 0; step < 24_000; step++) {
        program.window = gen.chance(0.02) ? gen.range(0, 3_000) : 60_000;
        for (ByteBuffer packet : program.poll(true, rig.nowNs)) {
          if (!gen.chance(loss)) {
            rig.send(packet);
          }
        }
        collect();
        serve();
        deliver();
        rig.nowNs += STEP_NS;
        rig.hear(rig.ron);
        if (rig.engine.nextDeadlineNs() <= rig.nowNs) {
          rig.engine.onTimer(rig.nowNs);
        }
        collect();
        if (server != null && program.done() && server.done()) {
          return true;
        }
      }
      return false;
    }

    private void collect() {
      rig.out.take(
          (to, packet) -> {
            if (gen.chance(loss)) {
              return;
            }
            (to.equals("tun") ? towardsProgram : towardsServer).add(packet);
          });
    }

    private void serve() {
      for (byte[] packet : take(towardsServer)) {
        FlowKey key = EngineRig.keyOf(packet);
        TcpEnd end = server;
        if (end == null) {
          onWire.set(key).reverse();
          end = new TcpEnd(onWire, gen.anyInt(), gen.range(100, 1_400));
          server = end;
        }
        assertThat(key.ports).isEqualTo(new FlowKey().set(onWire).reverse().ports);
        end.receive(packet, rig.nowNs);
      }
      if (server != null) {
        answer(server);
      }
    }

    private void answer(TcpEnd server) {
      int bytes = server.received.size();
      for (byte[] question : questions.subList(0, answered)) {
        bytes -= question.length;
      }
      while (answered < questions.size() && bytes >= questions.get(answered).length) {
        bytes -= questions.get(answered).length;
        server.write(answers.get(answered++));
      }
      if (answered == answers.size()) {
        server.close();
      }
      List<ByteBuffer> packets = new ArrayList<>(server.poll(false, rig.nowNs));
      while (!packets.isEmpty()) {
        int i = gen.chance(loss) ? gen.below(packets.size()) : 0;
        ByteBuffer packet = gen.chance(loss) ? packets.get(i) : packets.remove(i);
        if (!gen.chance(loss)) {
          rig.receive(Carriers.UNDERLAY, copy(packet));
        }
      }
      collect();
    }

    private void deliver() {
      take(towardsProgram).forEach(packet -> program.receive(packet, rig.nowNs));
      if (program.ended) {
        program.close();
      }
    }

    private static List<byte[]> take(List<byte[]> packets) {
      List<byte[]> taken = new ArrayList<>(packets);
      packets.clear();
      return taken;
    }

    private static ByteBuffer copy(ByteBuffer packet) {
      return ByteBuffer.allocateDirect(packet.capacity()).put(0, packet, 0, packet.capacity());
    }

    String state() {
      return "program " + program + ", server " + server + ", " + rig.engine.info(rig.nowNs);
    }

    void judge() throws Exception {
      ByteArrayOutputStream asked = new ByteArrayOutputStream();
      questions.forEach(asked::writeBytes);
      assertThat(Objects.requireNonNull(server).received.toByteArray())
          .isEqualTo(asked.toByteArray());
      ByteBuffer got = ByteBuffer.wrap(program.received.toByteArray());
      for (int i = 0; i < answers.size(); i++) {
        byte[] told = new byte[2 + (got.getShort(got.position()) & 0xffff)];
        got.get(told);
        if (!matched.get(i)) {
          assertThat(told).isEqualTo(answers.get(i));
          continue;
        }
        Message genuine = unframed(answers.get(i));
        Message faked = unframed(told);
        assertThat(faked.getHeader().getID()).isEqualTo(genuine.getHeader().getID());
        assertThat(faked.getSection(Section.ANSWER))
            .hasSize((int) addresses(genuine))
            .allMatch(r -> EngineRig.addressOf(r).startsWith("198.18."));
      }
      assertThat(got.hasRemaining()).isFalse();
    }

    private static long addresses(Message m) {
      return m.getSection(Section.ANSWER).stream().filter(r -> r.getType() == Type.A).count();
    }
  }

  private static byte[] framed(byte[] message) {
    ByteBuffer all = ByteBuffer.allocate(2 + message.length);
    return all.putShort((short) message.length).put(message).array();
  }

  private static Message unframed(byte[] all) throws Exception {
    return new Message(Arrays.copyOfRange(all, 2, all.length));
  }

  @ParameterizedTest
  @EnumSource
  void overAGoodNetworkEveryMessageArrives(Family f) {
    Gen.cases(
        CASES,
        gen -> {
          Run run = new Run(f, gen, 0);
          assertThat(run.play()).as(run::state).isTrue();
          run.judge();
        });
  }

  @ParameterizedTest
  @EnumSource
  void overABadNetworkEveryMessageArrives(Family f) {
    Gen.cases(
        CASES,
        gen -> {
          Run run = new Run(f, gen, gen.pick(1, 3, 10) / 100.0);
          assertThat(run.play()).as(run::state).isTrue();
          run.judge();
        });
  }

  @Test
  void whenTheConnectionIsOverNothingOfItRemains() {
    Gen.cases(
        CASES,
        gen -> {
          Run run = new Run(Family.V4, gen, 0.02);
          assertThat(run.play()).as(run::state).isTrue();
          run.rig.pass(30_000);
          assertThat(run.rig.engine.info(run.rig.nowNs).flows()).isZero();
          assertThat(run.rig.engine.info(run.rig.nowNs).dnsConnections()).isZero();
          assertThat(run.rig.engine.info(run.rig.nowNs).dnsHeldBytes()).isZero();
        });
  }
}
