// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A test of the client in a laboratory of its own, which is taken down whatever happens. */
@Timeout(600)
abstract class InClientLab {
  /** An overlay of the laboratory's exit node, as {@code --overlay} takes it. */
  static final String OVERLAY = "ron=udp://" + ClientLab.EXIT + ":" + ClientLab.ENTRY;

  @TempDir Path directory;
  ClientLab lab;

  @BeforeEach
  void build() throws Exception {
    lab = ClientLab.start(directory);
  }

  @AfterEach
  void destroy() throws Exception {
    if (lab != null) {
      lab.close();
    }
  }
}
