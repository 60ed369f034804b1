// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import oasis.os.OsException;

/** Starts programs and kills what is left of them. */
final class Programs {
  Program start(Node node, Command command) throws OsException {
    throw new OsException(command.name() + " in " + node.name() + ": not built yet");
  }
}
