// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import java.nio.file.Path;
import oasis.lab.Lab;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;

/**
 * A test class that is run for one {@link Deployment} after the other in one laboratory. It starts
 * the laboratory itself, and each deployment with the rules that it needs; what it started is ended
 * here, also when it failed.
 */
abstract class EachDeployment {
  @TempDir static Path directory;

  /** Set by the test class before its first deployment starts. */
  @SuppressWarnings("NullAway.Init")
  static Lab lab;

  final Deployment deployment;

  EachDeployment(Deployment deployment) {
    this.deployment = deployment;
  }

  @BeforeAll
  static void assumePossible() {
    Lab.assumePossible();
  }

  @AfterParameterizedClassInvocation
  static void stop() throws Exception {
    Deployment.stop(lab);
  }

  @AfterAll
  @SuppressWarnings("NullAway") // the next class begins without one, too
  static void end() {
    Lab last = lab;
    lab = null;
    if (last != null) {
      last.close();
    }
  }
}
