// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Tcp;
import oasis.testkit.Gen;

/**
 * One thing that happens to a client. Actions say what they are about by number, taken modulo what
 * there is, so that any part of a sequence is a sequence, too.
 */
interface ModelAction {
  /** Lets it happen to engine and model, and compares them. */
  void happen(ModelRun run);

  /** A program asks for a name and the server answers. */
  record Resolve(int name, boolean ipv4, int real, boolean askedByIpv4) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.resolve(name, ipv4 ? Family.V4 : Family.V6, real, askedByIpv4 ? Family.V4 : Family.V6);
    }
  }

  /** A program sends a packet to a real address, or to the fake of that number. */
  record Send(
      int protocol, boolean ipv4, int port, int dport, boolean toFake, int target, int flags)
      implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      Family family = ipv4 ? Family.V4 : Family.V6;
      run.send(run.key(family, protocol, port, dport, toFake, target), flags);
    }
  }

  /** A program goes on with a flow. */
  record GoOn(int flow, int flags) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      ModelFlow one = run.flow(flow);
      if (one != null) {
        run.send(one.key, flags);
      }
    }
  }

  /** The network answers a flow. */
  record Answer(int flow, int flags) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      ModelFlow one = run.flow(flow);
      if (one != null) {
        run.answer(one, flags);
      }
    }
  }

  /** A carrier, or somebody in the underlay, sends what it may not send. */
  record Attack(int kind, int flow, int carrier) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      new ModelAttacks(run).attack(kind, flow, carrier);
    }
  }

  /** The rules are these from now on, in this order. */
  record Rules(List<Integer> numbers) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.rules(numbers.stream().map(ModelRules.ALL::get).toList());
    }
  }

  /** Everything goes by the underlay, or no longer. */
  record Mediate(boolean on) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.mediate(on);
    }
  }

  /** The entry node answers a probe. */
  record Hear(int carrier) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.hear(carrier);
    }
  }

  /** The entry node's port is closed. */
  record Refuse(int carrier) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.refuse(carrier);
    }
  }

  /** An overlay is removed. */
  record Leave(int carrier) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.leave(carrier);
    }
  }

  /** An overlay is added. */
  record Join(int carrier) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.join(carrier);
    }
  }

  /** Time passes; the carriers of these bits answer probes. */
  record Pass(long millis, int answering) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.pass(millis, answering);
    }
  }

  /** The client is killed and started again; the wall clock may have been put back. */
  record Restart(int secondsBack) implements ModelAction {
    @Override
    public void happen(ModelRun run) {
      run.restart(secondsBack);
    }
  }

  /** A random sequence. */
  static List<ModelAction> sequence(Gen gen, int length) {
    List<ModelAction> actions = new ArrayList<>();
    actions.add(rules(gen));
    actions.add(new Pass(1_500, 7));
    for (int i = 0; i < length; i++) {
      actions.add(one(gen));
    }
    return actions;
  }

  private static ModelAction one(Gen gen) {
    int n = gen.below(100);
    if (n < 26) {
      return new Resolve(gen.below(6), gen.flip(), gen.below(3), gen.flip());
    } else if (n < 45) {
      return new Send(
          gen.below(5),
          gen.flip(),
          gen.below(4),
          gen.below(5),
          gen.chance(0.6),
          gen.below(30),
          gen.pick(Tcp.SYN, Tcp.SYN, Tcp.SYN, Tcp.SYN, Tcp.ACK, Tcp.RST));
    } else if (n < 58) {
      return new GoOn(gen.below(100), flags(gen, Tcp.SYN));
    } else if (n < 76) {
      return new Answer(gen.below(100), flags(gen, Tcp.SYN | Tcp.ACK));
    } else if (n < 84) {
      return new Attack(gen.below(ModelAttacks.KINDS), gen.below(100), gen.below(3));
    }
    return change(gen, n - 84);
  }

  private static int flags(Gen gen, int syn) {
    return gen.pick(syn, Tcp.ACK, Tcp.ACK, Tcp.ACK, Tcp.ACK | Tcp.FIN, Tcp.RST);
  }

  private static ModelAction change(Gen gen, int n) {
    return switch (n) {
      case 0, 1 -> rules(gen);
      case 2 -> new Mediate(gen.chance(0.05));
      case 3, 4 -> new Hear(gen.below(3));
      case 5 -> new Refuse(gen.below(3));
      case 6 -> gen.flip() ? new Leave(gen.below(3)) : new Restart(gen.pick(0, 5_000));
      case 7, 8 -> new Join(gen.below(3));
      case 9 -> new Pass(gen.pick(3_700_000, 8_000_000), gen.pick(7, 7, 7, 5));
      case 10 -> new Pass(gen.pick(12_000, 70_000, 310_000), gen.pick(7, 7, 6, 3));
      default -> new Pass(gen.pick(100, 1_100, 2_600, 6_500), gen.pick(7, 7, 7, 6, 5, 0));
    };
  }

  private static Rules rules(Gen gen) {
    List<Integer> numbers = new ArrayList<>();
    numbers.add(gen.pick(0, 0, 1, 2, 4, gen.below(ModelRules.ALL.size())));
    for (int i = gen.range(1, 6); i > 0; i--) {
      numbers.add(gen.below(ModelRules.ALL.size()));
    }
    return new Rules(List.copyOf(numbers));
  }
}
