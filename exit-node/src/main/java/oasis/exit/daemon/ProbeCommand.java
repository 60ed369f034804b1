// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import oasis.io.KeyFile;
import oasis.packet.Address;
import oasis.packet.SharedKey;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code exit probe}. */
@Command(
    name = "probe",
    mixinStandardHelpOptions = true,
    description =
        "Asks a running exit node, here or elsewhere, for a round trip. This host has to be one of"
            + " its clients.")
final class ProbeCommand implements Callable<Integer> {
  private static final int MOST_SECONDS = 3600;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "HOST:PORT", description = "The exit node's address and UDP port.")
  private String node = "";

  @Option(
      names = "--through",
      paramLabel = "ADDRESS",
      description = "Go on to this host behind the node: ping it by the overlay.")
  private @Nullable String through;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "This host's key for the node, which no running client uses.")
  private @Nullable Path key;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "How long to wait for both (default: ${DEFAULT-VALUE}).")
  private int timeout;

  @Override
  public Integer call() throws IOException {
    if (timeout < 1 || timeout > MOST_SECONDS) {
      throw new IllegalArgumentException("--timeout takes 1 to " + MOST_SECONDS + " seconds");
    }
    String behind = through;
    Address destination = behind == null ? null : Address.parse(behind);
    Path file = key;
    SharedKey shared = file == null ? null : KeyFile.readOne(file);
    PrintWriter out = spec.commandLine().getOut();
    try (RoundTrip trip = RoundTrip.to(endpoint(node), timeout, shared)) {
      out.print("echo in " + ms(trip.keepAliveNs()));
      if (destination != null) {
        out.print(", ping to " + destination + " in " + ms(trip.pingNs(destination)));
      }
      out.println();
    }
    return 0;
  }

  private static String ms(long ns) {
    return String.format(Locale.ROOT, "%.1f ms", ns / 1e6);
  }

  private static InetSocketAddress endpoint(String text) throws IOException {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon < 1 || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 0xffff) {
      throw new IllegalArgumentException("say HOST:PORT, not '" + text + "'");
    }
    String host = text.substring(0, colon).replaceAll("^\\[(.*)]$", "$1");
    try {
      return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(port));
    } catch (UnknownHostException e) {
      throw new IOException("there is no host " + host, e);
    }
  }
}
