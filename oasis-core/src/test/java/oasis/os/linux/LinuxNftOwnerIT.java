// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import oasis.os.NftOwner;
import oasis.os.OsException;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinuxNftOwnerIT {
  private TestNamespace namespace;

  @BeforeEach
  void open() throws OsException {
    namespace = new TestNamespace("os");
  }

  @AfterEach
  void close() throws OsException {
    namespace.close();
  }

  private static String table(String content) {
    return """
        table inet oasis { flags owner; }
        delete table inet oasis
        table inet oasis {
          flags owner
          %s
        }
        """
        .formatted(content);
  }

  private String ruleset() throws OsException {
    return namespace.run("nft list ruleset");
  }

  @Test
  void aTableIsReplacedWholeAndGoneAfterClose() throws Exception {
    try (NftOwner owner = LinuxNftOwner.inNamespace(namespace.name())) {
      owner.apply(table("set a { type ipv4_addr; elements = { 192.0.2.1 }\n}"));
      owner.apply(table("set b { type ipv4_addr; }"));
      owner.apply(table("set b { type ipv4_addr; }"));
      assertThat(ruleset()).contains("set b").doesNotContain("set a").contains("flags owner");
      assertThat(owner.alive()).isTrue();
    }
    assertThat(ruleset()).isEmpty();
  }

  @Test
  void aRefusedTextChangesNothingAndSaysWhy() throws Exception {
    try (NftOwner owner = LinuxNftOwner.inNamespace(namespace.name())) {
      owner.apply(table("set a { type ipv4_addr; }"));
      assertThatThrownBy(() -> owner.apply(table("set c { type ipv4_addr; }\n  nonsense")))
          .isInstanceOf(OsException.class)
          .hasMessageContaining("syntax error")
          .hasMessageContaining("(line 6 of the ruleset)");
      assertThatThrownBy(
              () -> owner.apply(table("set c { type ipv4_addr; }") + "add rule inet oasis no drop"))
          .hasMessageContaining("No such file or directory");
      assertThat(ruleset()).contains("set a").doesNotContain("set c");
      owner.apply(table("set d { type ipv4_addr; }"));
      assertThat(ruleset()).contains("set d");
    }
  }

  @Test
  void aLargeSetIsOneTransaction() throws Exception {
    String elements =
        IntStream.range(0, 20_000)
            .mapToObj(i -> "10." + i / 4096 + "." + i / 16 % 256 + "." + i % 16 * 2)
            .collect(Collectors.joining(",\n"));
    try (NftOwner owner = LinuxNftOwner.inNamespace(namespace.name())) {
      owner.apply(table("set a { type ipv4_addr; elements = { " + elements + " }\n}"));
      assertThat(ruleset()).contains("10.4.225.30");
    }
  }

  @Test
  void nobodyElseMayTouchTheTable() throws Exception {
    try (NftOwner owner = LinuxNftOwner.inNamespace(namespace.name())) {
      owner.apply(table("set a { type ipv4_addr; }"));
      assertThatThrownBy(() -> namespace.run("nft delete table inet oasis"))
          .hasMessageContaining("Operation not permitted");
    }
  }

  @Test
  void aDeadChildIsNoticed() throws Exception {
    try (NftOwner owner = LinuxNftOwner.inNamespace(namespace.name())) {
      owner.apply(table("set a { type ipv4_addr; }"));
      ProcessHandle child =
          ProcessHandle.current()
              .children()
              .filter(p -> p.info().command().orElse("").endsWith("nft"))
              .findFirst()
              .orElseThrow();
      child.destroyForcibly();
      child.onExit().get(60, TimeUnit.SECONDS);
      assertThat(ruleset()).isEmpty();
      assertThat(owner.alive()).isFalse();
      assertThatThrownBy(() -> owner.apply(table("")))
          .isInstanceOf(OsException.class)
          .hasMessageContaining("has ended");
    }
  }

  /** Holds a table until it is killed; run as a process of its own. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      try (NftOwner owner = LinuxNftOwner.inNamespace(args[0])) {
        owner.apply(table("set a { type ipv4_addr; }"));
        System.out.println("held");
        Thread.sleep(60_000);
      }
    }
  }

  @Test
  void theTableVanishesWhenItsHolderIsKilled() throws Exception {
    Process holder =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                namespace.name())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(holder.inputReader().readLine()).isEqualTo("held");
      assertThat(ruleset()).contains("set a");
    } finally {
      holder.destroyForcibly().waitFor(); // SIGKILL
    }
    for (int i = 0; i < 1000 && !ruleset().isEmpty(); i++) {
      TimeUnit.MILLISECONDS.sleep(20); // nft sees the end of its input after us
    }
    assertThat(ruleset()).isEmpty();
  }
}
