// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.client.engine.ModelClient.Carrier;
import oasis.client.engine.ModelEngine.Sent;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;

/** Packets that nobody asked for: none of them may reach a program but an error about its own. */
final class ModelAttacks {
  static final int KINDS = 7;
  private static final String[] STRANGER = {"203.0.113.99", "2001:db8:1::99"};

  private final ModelRun run;

  ModelAttacks(ModelRun run) {
    this.run = run;
  }

  void attack(int kind, int number, int carrierNumber) {
    Carrier carrier = run.model.carriers.get(1 + carrierNumber);
    ModelFlow flow = run.flow(number);
    if (kind == 0) {
      programComplainsAboutNothing();
    } else if (kind == 1) {
      byCarrier(carrier, unknown(Ip.TCP), Tcp.SYN);
    } else if (kind == 2) {
      byCarrier(carrier, unknown(Ip.UDP), 0);
    } else if (flow != null && flow.wire != null) {
      about(kind, flow, flow.wire, carrier);
    }
    run.judge.compare(false);
  }

  private static ModelKey unknown(int protocol) {
    return new ModelKey(protocol, STRANGER[0], 80, Family.V4.host, 10_000);
  }

  private void about(int kind, ModelFlow flow, ModelKey wire, Carrier carrier) {
    ModelKey back = flow.key.to(flow.real).reverse();
    switch (kind) {
      case 3 -> {
        if (carrier.index != flow.carrier) {
          byCarrier(carrier, back, Tcp.ACK);
          run.count("not granted");
        }
      }
      case 4 -> {
        if (flow.fake != null) {
          byCarrier(carrier, flow.key.reverse(), Tcp.ACK);
        }
      }
      case 5 -> {
        if (flow.carrier == ModelClient.UNDERLAY) {
          stranger(wire);
        }
      }
      default -> expired(flow, wire);
    }
  }

  /** A packet by a carrier that no program may get. */
  private void byCarrier(Carrier carrier, ModelKey key, int flags) {
    if (carrier.exists()) {
      run.real.fromNetwork(carrier.index, ModelRun.packet(key, flags, false));
      nothingFrom(carrier.index);
    }
  }

  private void nothingFrom(int carrier) {
    assertThat(run.real.sent()).isEmpty();
    run.judge.received(carrier);
    run.judge.dropped++;
  }

  /** Somebody whom the program did not ask sends to its translated port. */
  private void stranger(ModelKey wire) {
    String from = STRANGER[wire.family().v4() ? 0 : 1];
    ModelKey key = wire.to(from).reverse();
    run.real.fromNetwork(ModelClient.UNDERLAY, ModelRun.packet(key, Tcp.ACK, false));
    assertThat(run.real.sent()).as("filtered").isEmpty();
    run.judge.dropped++;
    run.count("filtered");
  }

  /** A router says that the program's packet came no further. */
  private void expired(ModelFlow flow, ModelKey wire) {
    Family family = flow.key.family();
    if (flow.carrier == ModelClient.REMOVED) {
      return;
    }
    byte[] quoted = Packets.bytes(Packets.burst(ModelRun.packet(wire, Tcp.ACK, true)));
    ByteBuffer error = family.error(family.router, wire.src(), Family.Fault.TIME, quoted);
    boolean doubtful = run.judge.translatorMayHaveForgotten(flow, 20);
    run.real.fromNetwork(flow.carrier, error);
    List<Sent> sent = run.real.sent();
    if (sent.isEmpty() && doubtful) {
      run.judge.dropped++;
      return;
    }
    run.judge.received(flow.carrier);
    assertThat(sent).extracting(Sent::to).containsExactly("tun");
    ByteBuffer got = Packets.direct(sent.get(0).packet());
    Burst burst = Packets.burst(got);
    FlowKey about = new FlowKey();
    assertThat(IcmpInner.read(burst, about)).isTrue();
    assertThat(ModelKey.of(about)).as("what the error is about").isEqualTo(flow.key);
    assertThat(EngineRig.text(Ip.srcHi(got, 0), Ip.srcLo(got, 0))).isEqualTo(family.router);
    assertThat(EngineRig.text(Ip.dstHi(got, 0), Ip.dstLo(got, 0))).isEqualTo(flow.key.src());
    run.count("expired");
  }

  /** This host has no such connection, and says so to a host that it never talked to. */
  private void programComplainsAboutNothing() {
    byte[] quoted = Packets.bytes(Packets.burst(ModelRun.packet(unknown(Ip.UDP), Tcp.ACK, false)));
    run.judge.tunPkts++;
    run.real.fromProgram(Family.V4.error(Family.V4.host, STRANGER[0], Family.Fault.PORT, quoted));
    assertThat(run.real.sent()).isEmpty();
    run.judge.dropped++;
  }
}
