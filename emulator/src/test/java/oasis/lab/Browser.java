// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import oasis.emulator.Command;
import oasis.emulator.Program;
import oasis.lab.WebSite.Visit;

/**
 * An unmodified Chromium without a screen on the client's host, and pages of many files for it:
 * scripts, styles, pictures and what a script fetches.
 */
public final class Browser {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final int PICTURES = 12;

  /** What the page says once all of it is there. */
  private static final String COMPLETE = "script, style, data, " + PICTURES + " pictures";

  private static final String FLAGS =
      "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
          + " --disable-background-networking --disable-component-update --disable-sync"
          + " --disable-default-apps --password-store=basic --mute-audio"
          + " --virtual-time-budget=20000 --dump-dom";

  private final Lab lab;
  private final WebSite site;
  private final List<String> flags;
  private int runs;

  /**
   * @param site what it visits; its certificate is trusted
   * @param flags more options of Chromium
   */
  public Browser(Lab lab, WebSite site, String... flags) {
    this.lab = lab;
    this.site = site;
    this.flags = List.of(flags);
  }

  /** Skips the test where there is no Chromium. */
  public static void assumePossible() {
    assumeTrue(Files.isExecutable(CHROMIUM), "needs the Debian package chromium");
  }

  /** Writes what pages consist of beside themselves, and {@code page.html}. */
  public void writePages() throws IOException {
    Path www = lab.servers().www();
    writePage("page.html", "");
    Files.writeString(www.resolve("style.css"), "body { color: rgb(1, 2, 3); }\n");
    Files.writeString(www.resolve("data.js"), "window.data = 'data';\n");
    for (int i = 0; i < PICTURES; i++) {
      String svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>\n";
      Files.writeString(www.resolve("picture" + i + ".svg"), svg);
    }
    Files.writeString(www.resolve("script.js"), script());
  }

  /**
   * Writes a page.
   *
   * @param from scheme and host of its files, empty for its own
   */
  public void writePage(String name, String from) throws IOException {
    StringBuilder pictures = new StringBuilder();
    for (int i = 0; i < PICTURES; i++) {
      pictures.append("<img src=\"%s/picture%d.svg\">\n".formatted(from, i));
    }
    Files.writeString(
        lab.servers().www().resolve(name),
        """
        <!DOCTYPE html><html><head><title>page</title>
        <link rel="stylesheet" href="%1$s/style.css">
        <link rel="icon" href="data:,">
        </head><body>
        <p id="result">not complete</p>
        %2$s<script src="%1$s/script.js"></script>
        </body></html>
        """
            .formatted(from, pictures));
  }

  /** Loads one more script by itself, then says what it found. */
  private static String script() {
    return """
        window.addEventListener('load', () => {
          const base = document.querySelector('script').src.replace('script.js', '');
          const more = document.createElement('script');
          more.src = base + 'data.js';
          more.onload = () => {
            const color = getComputedStyle(document.body).color;
            const pictures = [...document.images].filter(i => i.naturalWidth === 9).length;
            document.getElementById('result').textContent = 'script, '
              + (color === 'rgb(1, 2, 3)' ? 'style, ' : '') + window.data + ', '
              + pictures + ' pictures';
          };
          document.body.appendChild(more);
        });
        """;
  }

  /** Loads a page with a new profile; what the browser made of it. */
  private String load(String url) throws Exception {
    runs++;
    List<String> argv = new ArrayList<>(List.of(CHROMIUM.toString()));
    argv.addAll(List.of(FLAGS.split(" ", -1)));
    argv.addAll(flags);
    argv.add("--user-data-dir=" + lab.file("profile" + runs));
    argv.add("--ignore-certificate-errors-spki-list=" + site.keyFingerprint());
    argv.add(url);
    Command command = Command.of(argv).withVariable("HOME", lab.file("home").toString());
    try (Program chromium = lab.client().start(command)) {
      assertThat(chromium.waitFor(Lab.LONG)).as(chromium.errors()).isZero();
      return chromium.output();
    }
  }

  /**
   * Loads a page. All of its files came, and each was asked for by one of the given addresses.
   *
   * @return what the site has been asked for
   */
  public List<Visit> assertLoads(String url, String... peers) throws Exception {
    int before = site.visits().size();
    assertThat(load(url)).as(url).contains(COMPLETE);
    List<Visit> visits = site.visits().subList(before, site.visits().size());
    List<String> paths = new ArrayList<>(List.of("/style.css", "/script.js", "/data.js"));
    IntStream.range(0, PICTURES).forEach(i -> paths.add("/picture" + i + ".svg"));
    assertThat(visits).extracting(Visit::path).containsAll(paths);
    assertThat(visits)
        .allSatisfy(
            visit -> {
              assertThat(visit.status()).as("%s", visit).isEqualTo(200);
              assertThat(visit.peer()).as("%s", visit).isIn((Object[]) peers);
            });
    return visits;
  }
}
