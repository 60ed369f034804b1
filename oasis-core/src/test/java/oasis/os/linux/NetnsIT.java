// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.os.OsException;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.Test;

class NetnsIT {
  @Test
  void codeRunsInsideAndComesBack() throws Exception {
    try (TestNamespace namespace = new TestNamespace("os")) {
      namespace.run("ip link add inner type veth peer name inner2");
      assertThat(Sys.ifNameToIndex("inner")).isNegative();
      assertThat(namespace.in(() -> Sys.ifNameToIndex("inner"))).isPositive();
      assertThat(Sys.ifNameToIndex("inner")).isNegative();
      assertThatThrownBy(
              () ->
                  namespace.in(
                      () -> {
                        throw new IllegalStateException("inside");
                      }))
          .hasMessage("inside");
      assertThat(Sys.ifNameToIndex("inner")).as("back after a failure").isNegative();
    }
  }

  @Test
  void sysctlIsOfTheNamespaceOfTheThread() throws Exception {
    try (TestNamespace namespace = new TestNamespace("os")) {
      String name = "net/ipv4/ip_default_ttl";
      namespace.in(
          () -> {
            Sysctl.write(name, "77");
            return Sysctl.read(name);
          });
      assertThat(namespace.in(() -> Sysctl.read(name))).isEqualTo("77");
      assertThat(Sysctl.read(name)).isNotEqualTo("77");
      assertThatThrownBy(() -> Sysctl.write("net/ipv4/no_such_setting", "1"))
          .isInstanceOf(OsException.class)
          .hasMessageContaining("no_such_setting");
      assertThatThrownBy(() -> Sysctl.write("../../etc/passwd", "1"))
          .hasMessageContaining("not the name of a setting");
    }
  }

  @Test
  void namespacesAreListedAndDeletedTwiceWithoutError() throws Exception {
    LinuxCommandRunner runner = new LinuxCommandRunner();
    try (TestNamespace namespace = new TestNamespace("os")) {
      assertThat(Netns.list(runner)).contains(namespace.name());
      Netns.delete(runner, namespace.name());
      Netns.delete(runner, namespace.name());
      assertThat(Netns.list(runner)).doesNotContain(namespace.name());
      assertThatThrownBy(() -> namespace.in(() -> 1))
          .isInstanceOf(OsException.class)
          .hasMessage("open /run/netns/" + namespace.name() + ": ENOENT (no such file)");
    }
  }
}
