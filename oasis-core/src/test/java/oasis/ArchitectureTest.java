// SPDX-License-Identifier: Apache-2.0
package oasis;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import oasis.testkit.ArchitectureRules;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ArchitectureTest {
  @TestFactory
  Stream<DynamicTest> coreKeepsItsRules() {
    JavaClasses classes = ArchitectureRules.productClasses();
    return ArchitectureRules.all().stream().map(rule -> test(rule, classes));
  }

  private static DynamicTest test(ArchRule rule, JavaClasses classes) {
    return DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(classes));
  }
}
