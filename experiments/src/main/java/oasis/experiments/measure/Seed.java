// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import picocli.CommandLine.Option;

/** The option that makes a run draw what another one has drawn. */
public final class Seed {
  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Draws all that is left to chance (default: ${DEFAULT-VALUE}).")
  private long value;

  /** What was given, or 1. */
  public long value() {
    return value;
  }
}
