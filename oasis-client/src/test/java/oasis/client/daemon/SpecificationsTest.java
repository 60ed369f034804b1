// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import oasis.io.Endpoint;
import oasis.io.config.ConfigException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecificationsTest {
  @TempDir private Path directory;
  private Path document;
  private String url;
  private final Download download =
      new Download(
          Overlay.ADDRESSES_ONLY,
          () -> {
            throw new AssertionError("no network here");
          },
          Specification.MAX_BYTES,
          Duration.ofSeconds(1));

  @BeforeEach
  void publish() throws Exception {
    document = directory.resolve("ron.xml");
    url = document.toUri().toString();
    write("ron", 3);
  }

  private void write(String name, int version) throws Exception {
    Specification specification =
        new Specification(name, version, List.of(Endpoint.ipv4(192, 0, 2, 10, 7400)), 1380);
    Files.writeString(document, specification.toXml());
  }

  private Overlay fetch(String name, String from) throws ConfigException {
    return Specifications.fetch(name, from, download, Overlay.ADDRESSES_ONLY);
  }

  @Test
  void whatIsKeptNeedsNobodyAtTheNextStart() throws Exception {
    Overlay overlay = fetch("ron", url);
    Specifications kept = new Specifications(directory);
    assertThat(kept.of("ron", url)).isEqualTo(Overlay.unseen("ron", url));

    kept.keep(overlay);
    Files.delete(document);

    assertThat(new Specifications(directory).of("ron", url)).isEqualTo(overlay);
    assertThat(kept.of("ron", url + "?other").entries()).as("of another URL").isEmpty();
    kept.forget(overlay);
    assertThat(kept.of("ron", url).entries()).isEmpty();
  }

  @Test
  void theNameInTheSpecificationMustBeTheOneThatIsAdded() throws Exception {
    write("detour", 1);

    assertThatThrownBy(() -> fetch("ron", url))
        .hasMessage(url + ": it specifies \"detour\", not \"ron\"; use its name");
  }

  @Test
  void aMistakeInItIsNamedWithItsUrl() throws Exception {
    Files.writeString(document, "<overlay>\n");

    assertThatThrownBy(() -> fetch("ron", url)).hasMessageStartingWith(url + ", line 1: ");
  }

  @Test
  void aFileThatIsNoneOrTooLongIsRefused() throws Exception {
    assertThatThrownBy(() -> fetch("ron", directory.resolve("no").toUri().toString()))
        .hasMessageEndingWith("/no: no such file");
    assertThatThrownBy(() -> fetch("ron", "file:///dev/zero")).hasMessageEndingWith("not a file");
    Files.writeString(document, " ".repeat(Specification.MAX_BYTES + 1));
    assertThatThrownBy(() -> fetch("ron", url)).hasMessageEndingWith("longer than 65536 bytes");
  }

  @Test
  void anEntryNodeInTheUrlNeedsNoSpecification() throws Exception {
    Overlay overlay = fetch("ron", "udp://192.0.2.10:7400");

    new Specifications(directory).keep(overlay);
    assertThat(directory.resolve(Specifications.NAME)).doesNotExist();
  }
}
