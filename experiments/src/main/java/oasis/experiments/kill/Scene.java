// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import oasis.emulator.Program;

/** What is there at the moment of the blow. Confined to one thread. */
final class Scene {
  final Program client;

  /** When its process ends. */
  final CompletableFuture<Long> end;

  final Downloads downloads = new Downloads();
  final List<String> doubts = new ArrayList<>();
  String phase = "";
  List<String> facts = List.of();
  long blowNs;

  Scene(Program client) {
    this.client = client;
    end = Downloads.end(client);
  }
}
