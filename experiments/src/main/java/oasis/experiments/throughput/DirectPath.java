// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.Map;
import oasis.os.OsException;

/** Plain routing through all nodes. */
record DirectPath() implements TestPath {
  @Override
  public String name() {
    return "direct";
  }

  @Override
  public String title() {
    return "direct routing";
  }

  @Override
  public String missing(boolean install) {
    return "";
  }

  @Override
  public String version() {
    return "";
  }

  @Override
  public Map<String, Double> up(Lab lab) throws OsException {
    lab.awaitAlive(server());
    return Map.of();
  }

  @Override
  public void down(Lab lab) {
    // Nothing was made.
  }
}
