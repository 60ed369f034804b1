// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a topology may say about its servers. */
final class ServerOptions {
  private ServerOptions() {}

  /** Of a web server. */
  @Command(name = "web")
  static final class Web {
    @Option(names = "--root", description = "directory of its files, instead of one made here")
    @Nullable Path root;

    @Option(names = "--port", description = "port (80)")
    int port = 80;

    static Web of(List<String> words) {
      return CommandLine.populateCommand(new Web(), words.toArray(String[]::new));
    }
  }

  /** Of a DNS server. */
  @Command(name = "dns")
  static final class Dns {
    @Option(names = "--zone", description = "domain that it has all names of (test)")
    String zone = "test";

    @Option(names = "--host", description = "NAME,ADDRESS[,ADDRESS]; repeatable")
    List<String> hosts = List.of();

    static Dns of(List<String> words) {
      return CommandLine.populateCommand(new Dns(), words.toArray(String[]::new));
    }
  }
}
