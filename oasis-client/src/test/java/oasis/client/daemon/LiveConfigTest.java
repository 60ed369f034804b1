// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import oasis.io.Endpoint;
import oasis.io.config.ConfigException;
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
  void aRuleIsAddedWhereItIsWanted() throws Exception {
    LiveConfig config = three().with(Rule.parse("icmp underlay"), 2, true);

    assertThat(texts(config))
        .containsExactly("tcp underlay", "icmp underlay", "udp underlay", "name:*.edu underlay");
    assertThat(texts(three().with(Rule.parse("icmp underlay"), 4, true)).get(3))
        .isEqualTo("icmp underlay");
    for (int wrong : new int[] {0, 5}) {
      assertThatThrownBy(() -> three().with(Rule.parse("icmp underlay"), wrong, true))
          .isInstanceOf(ConfigException.class)
          .hasMessage("a rule cannot get number " + wrong + "; there are 3 rules");
    }
  }

  @Test
  void aRuleMovesUpAndDown() throws Exception {
    assertThat(texts(three().moved(3, 1)))
        .containsExactly("name:*.edu underlay", "tcp underlay", "udp underlay");
    assertThat(texts(three().moved(1, 2)))
        .containsExactly("udp underlay", "tcp underlay", "name:*.edu underlay");
    assertThat(three().moved(2, 2)).isEqualTo(three());
    assertThatThrownBy(() -> three().moved(4, 1)).hasMessageContaining("no rule 4; there are 3");
    assertThatThrownBy(() -> three().moved(1, 0)).hasMessageContaining("no rule 0; there are 3");
  }

  @Test
  void aDisabledRuleKeepsItsPlaceAndDecidesNothing() throws Exception {
    LiveConfig config = three().withRuleEnabled(2, false);

    assertThat(texts(config)).isEqualTo(texts(three()));
    assertThat(config.all().activeRules())
        .containsExactly(Rule.parse("tcp underlay"), Rule.parse("name:*.edu underlay"));
    assertThat(config.toSave()).isNotEqualTo(three().toSave());
    assertThat(config.moved(2, 1).all().disabled()).containsExactly(Rule.parse("udp underlay"));
    assertThat(config.withRuleEnabled(2, true)).isEqualTo(three());
    assertThat(config.withoutRule(2).all().disabled()).isEmpty();
  }

  @Test
  void onTheWayFromOneConfigurationToAnotherARuleDecidesThatDecidesInEither() throws Exception {
    ClientConfig off = three().withRuleEnabled(2, false).withRuleEnabled(3, false).all();
    ClientConfig next = three().withRuleEnabled(2, false).all();

    assertThat(off.unitedWith(next).disabled()).containsExactly(Rule.parse("udp underlay"));
    assertThat(next.unitedWith(off).disabled()).containsExactly(Rule.parse("udp underlay"));
    assertThat(off.unitedWith(three().all()).disabled()).isEmpty();
  }

  private static LiveConfig three() throws Exception {
    return NOTHING
        .with(Rule.parse("tcp underlay"), true)
        .with(Rule.parse("udp underlay"), true)
        .with(Rule.parse("name:*.edu underlay"), true);
  }

  private static List<String> texts(LiveConfig config) {
    return config.all().rules().stream().map(Rule::toString).toList();
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

  @Test
  void aReloadKeepsWhatIsForThisRunBehindWhatTheFileSays() throws Exception {
    Rule names = Rule.parse("name:*.edu ron");
    LiveConfig config = NOTHING.withCommandLine(run("name:*.edu ron"), UDP);
    ClientConfig file =
        new ClientConfig.Builder(ClientOptions.DEFAULTS)
            .add(Overlay.parse("web", "udp://192.0.2.11:7400", Overlay.ADDRESSES_ONLY))
            .add(Rule.parse("tcp dport 81 web"))
            .build();

    LiveConfig next = config.reloaded(file);

    assertThat(next.all().overlays()).extracting(Overlay::name).containsExactly("web", "ron");
    assertThat(next.all().rules()).containsExactly(Rule.parse("tcp dport 81 web"), names);
    assertThat(next.toSave()).isEqualTo(file);
  }

  @Test
  void whatOnlyAStartCanChangeIsRefusedByAReload() {
    ClientOptions other = new ClientOptions(true, null, null);

    assertThatThrownBy(() -> NOTHING.reloaded(new ClientConfig.Builder(other).build()))
        .hasMessageContaining("cannot change while the client runs; restart it");
  }

  @Test
  void betweenTwoConfigurationsBothAreKnown() throws Exception {
    ClientConfig before =
        NOTHING.with(ron(), true).with(Rule.parse("tcp dport 80 ron"), true).all();
    Overlay moved = Overlay.parse("ron", "udp://192.0.2.11:7400", Overlay.ADDRESSES_ONLY);
    ClientConfig next = NOTHING.with(moved, true).with(Rule.parse("tcp dport 81 ron"), true).all();

    ClientConfig both = before.unitedWith(next);

    assertThat(both.rules())
        .containsExactly(Rule.parse("tcp dport 81 ron"), Rule.parse("tcp dport 80 ron"));
    assertThat(both.overlays()).hasSize(1);
    assertThat(both.overlays().get(0).entries())
        .extracting(Endpoint::text)
        .containsExactly("192.0.2.11:7400", "192.0.2.10:7400");
    assertThat(next.unitedWith(next)).isEqualTo(next);
  }

  @Test
  void anOverlayOfTheCommandLineHasItsKeyAndNoOtherHas() throws Exception {
    LiveConfig live = NOTHING.withCommandLine(run(), UDP);
    String key = live.all().overlay("ron").key();
    assertThat(key).isEqualTo(Path.of("key").toAbsolutePath().toString());
    Settings stray = settings(List.of("ron=udp://192.0.2.10:7400"), List.of("web=key"));
    assertThatThrownBy(() -> NOTHING.withCommandLine(stray, UDP))
        .isInstanceOf(ConfigException.class)
        .hasMessage("--key \"web\": there is no --overlay of this name");
    Settings twice = settings(List.of("a=udp://192.0.2.10:1", "a=udp://192.0.2.10:2"), List.of());
    assertThatThrownBy(() -> NOTHING.withCommandLine(twice, UDP))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("twice");
  }

  private static Overlay ron() throws ConfigException {
    return Overlay.parse("ron", "udp://192.0.2.10:7400", Overlay.ADDRESSES_ONLY);
  }

  private static Settings run(String... rules) {
    return settings(List.of("ron=udp://192.0.2.10:7400"), List.of("ron=key"), rules);
  }

  private static Settings settings(List<String> overlays, List<String> keys, String... rules) {
    return new Settings(
        Path.of("state"),
        Path.of("control"),
        1400,
        0,
        ClientOptions.DEFAULTS,
        overlays,
        keys,
        List.of(rules));
  }
}
