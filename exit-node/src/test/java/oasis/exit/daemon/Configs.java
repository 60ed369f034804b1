// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.List;
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitLimits;
import oasis.exit.engine.QueueConfig;
import oasis.flow.NatBehaviour;
import oasis.io.Endpoint;
import oasis.io.RawSender;
import oasis.packet.Prefix;

/** Configurations for tests. */
final class Configs {
  private Configs() {}

  /** One that opens 10.6.0.0/16, with its files in a directory. */
  static ExitConfig of(Path directory, ExitConfig.Backend backend, ExitConfig.Silence silence) {
    return new ExitConfig(
        Endpoint.anyIpv6(4700),
        List.of(Prefix.parse("192.0.2.0/24")),
        false,
        Members.NONE,
        List.of(Prefix.parse("10.6.0.0/16")),
        EngineConfig.CLOSED_PORTS,
        Prefix.parse("100.64.0.0/10"),
        Prefix.parse(ExitConfig.DEFAULT_POOL6),
        "oasx0",
        1400,
        ExitLimits.DEFAULT,
        NatBehaviour.GATEWAY,
        QueueConfig.NONE,
        backend,
        new ExitConfig.Raw(61000, 64999, RawSender.Way.AUTO, silence, List.of()),
        directory.resolve("exit.sock"),
        new FlowLogSettings(null, FlowLogSettings.DEFAULT_BYTES, FlowLogSettings.DEFAULT_KEPT),
        null);
  }
}
