// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import oasis.testkit.ArchitectureRules;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The same rules as in core, over the classes of every module. */
class ModulesTest {
  private static final JavaClasses CLASSES = ArchitectureRules.productClasses();

  @Test
  void seesEveryModule() {
    assertThat(CLASSES)
        .extracting(type -> type.getPackageName())
        .contains(
            "oasis.packet",
            "oasis.client.daemon",
            "oasis.exit.daemon",
            "oasis.planetlab.daemon",
            "oasis.emulator",
            "oasis.experiments")
        .doesNotContain("oasis.testkit");
  }

  @TestFactory
  Stream<DynamicTest> modulesKeepTheRules() {
    return ArchitectureRules.all().stream().map(rule -> test(rule, CLASSES));
  }

  private static DynamicTest test(ArchRule rule, JavaClasses classes) {
    return DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(classes));
  }
}
