// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import oasis.rules.Rule;
import org.junit.jupiter.api.Test;

class LiveConfigTest {
  private static final Overlay.Source UDP =
      (name, url) -> Overlay.parse(name, url, Overlay.ADDRESSES_ONLY);
  private static final LiveConfig NOTHING = LiveConfig.saved(ClientConfig.EMPTY);

  @Test
  void whatTheCommandLineAddsIsInForceButNotSaved() throws Exception {
    LiveConfig config = NOTHING.withCommandLine(run("name:*.edu ron"), UDP);

    assertThat(config.all().rules()).containsExactly(Rule.parse("name:*.edu ron"));
    assertThat(config.all().overlays()).hasSize(1);
    assertThat(config.toSave()).isEqualTo(ClientConfig.EMPTY);
  }

  @Test
  void aRuleAboutAnOverlayOfThisRunIsForThisRunToo() throws Exception {
    LiveConfig config =
        NOTHING.withCommandLine(run(), UDP).with(Rule.parse("tcp dport 80 ron"), true);

    assertThat(config.toSave().rules()).isEmpty();
  }

  @Test
  void anOverlayThatARuleNamesStays() throws Exception {
    LiveConfig config = NOTHING.with(ron(), true).with(Rule.parse("tcp dport 80 ron"), true);

    assertThatThrownBy(() -> config.withoutOverlay("ron"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("rule 1 uses overlay \"ron\"; remove the rule first");
    assertThat(config.withoutRule(1).withoutOverlay("ron").all()).isEqualTo(ClientConfig.EMPTY);
  }

  @Test
  void aRuleIsRemovedByNumberOrByText() throws Exception {
    Rule web = Rule.parse("tcp dport 80 ron");
    Rule dns = Rule.parse("name:*.edu ron");
    LiveConfig config = NOTHING.with(ron(), true).with(web, true).with(dns, true);

    assertThat(config.withoutRule(1).all().rules()).containsExactly(dns);
    assertThat(config.withoutRule(dns).all().rules()).containsExactly(web);
    assertThatThrownBy(() -> config.withoutRule(3)).hasMessageContaining("no rule 3; there are 2");
  }

  @Test
  void aRuleWithoutItsOverlayIsRefused() {
    assertThatThrownBy(() -> NOTHING.with(Rule.parse("tcp dport 80 ron"), true))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no overlay \"ron\"; add it first");
  }

  @Test
  void aRuleThatNamesTheUnderlayNeedsNoOverlay() throws Exception {
    assertThat(NOTHING.with(Rule.parse("name:*.lan underlay"), true).all().rules()).hasSize(1);
  }

  private static Overlay ron() throws ConfigException {
    return Overlay.parse("ron", "udp://192.0.2.10:7400", Overlay.ADDRESSES_ONLY);
  }

  private static Settings run(String... rules) {
    return new Settings(
        Path.of("state"),
        Path.of("control"),
        1400,
        0,
        ClientOptions.DEFAULTS,
        List.of("ron=udp://192.0.2.10:7400"),
        List.of(rules));
  }
}
