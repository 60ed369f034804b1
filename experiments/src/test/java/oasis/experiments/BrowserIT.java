// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import oasis.emulator.Command;
import oasis.emulator.Program;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.lab.WebSite;
import oasis.lab.WebSite.Visit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An unmodified Chromium without a screen loads pages of many files, by name and by header rule:
 * scripts, styles, pictures and what a script fetches. It knows our fake addresses for public ones.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
    value = Deployment.class,
    names = {"KERNEL", "MEDIATED"})
@Timeout(120)
class BrowserIT extends EachDeployment {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final int PICTURES = 12;

  /** What the page says once all of it is there. */
  private static final String COMPLETE = "script, style, data, " + PICTURES + " pictures";

  private static final String FLAGS =
      "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
          + " --disable-background-networking --disable-component-update --disable-sync"
          + " --disable-default-apps --password-store=basic --mute-audio"
          + " --virtual-time-budget=20000 --dump-dom";

  private static WebSite site;
  private static int runs;

  BrowserIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    assumeTrue(Files.isExecutable(CHROMIUM), "needs the Debian package chromium");
    lab = Lab.start(directory);
    site = WebSite.start(lab, List.of(80), List.of(443, 8443));
    Path www = lab.servers().www();
    page(www.resolve("page.html"), "");
    // A page of the plain Internet whose files come from names with a rule.
    page(www.resolve("mixed.html"), "https://" + Servers.NAME);
    page(www.resolve("mixed6.html"), "https://" + Servers.NAME6);
    Files.writeString(www.resolve("style.css"), "body { color: rgb(1, 2, 3); }\n");
    Files.writeString(www.resolve("data.js"), "window.data = 'data';\n");
    for (int i = 0; i < PICTURES; i++) {
      String svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>\n";
      Files.writeString(www.resolve("picture" + i + ".svg"), svg);
    }
    Files.writeString(www.resolve("script.js"), script());
  }

  private static void page(Path file, String from) throws Exception {
    StringBuilder pictures = new StringBuilder();
    for (int i = 0; i < PICTURES; i++) {
      pictures.append("<img src=\"%s/picture%d.svg\">\n".formatted(from, i));
    }
    Files.writeString(
        file,
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

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of("name:*.overlay.test lab", "tcp dport 8443 lab"));
  }

  /** Loads a page with a new profile; what the browser made of it. */
  private static String load(String url) throws Exception {
    runs++;
    List<String> argv = new ArrayList<>(List.of(CHROMIUM.toString()));
    argv.addAll(List.of(FLAGS.split(" ", -1)));
    argv.add("--user-data-dir=" + lab.file("profile" + runs));
    argv.add("--ignore-certificate-errors-spki-list=" + site.keyFingerprint());
    argv.add(url);
    Command command = Command.of(argv).withVariable("HOME", lab.file("home").toString());
    try (Program chromium = lab.client().start(command)) {
      assertThat(chromium.waitFor(Lab.LONG)).as(chromium.errors()).isZero();
      return chromium.output();
    }
  }

  /** All files came, and each was asked for by one of these addresses. */
  private List<Visit> assertLoads(String url, String... peers) throws Exception {
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

  private String[] exits() {
    return deployment.mediates()
        ? new String[] {Lab.CLIENT, Lab.CLIENT6}
        : new String[] {Lab.EXIT, Lab.EXIT6};
  }

  @Test
  void aPageLoadsByName() throws Exception {
    assertLoads("http://" + Servers.NAME + "/page.html", exits());
  }

  @Test
  void aSecurePageLoadsByNameOverIpv6() throws Exception {
    assertThat(assertLoads("https://" + Servers.NAME6 + "/page.html", exits()[1]))
        .extracting(Visit::protocol)
        .containsOnly("HTTP/2.0");
  }

  @Test
  void aSecurePageLoadsByHeader() throws Exception {
    assertLoads("https://" + Servers.PLAIN_NAME + ":8443/page.html", exits());
  }

  /** Browsers ask before a public page may use the local network, where fakes must not lie. */
  @Test
  void aPublicPageMayUseFilesOfANameWithARule() throws Exception {
    String page = "https://" + Servers.PLAIN_NAME + "/mixed.html";
    assertLoads(page, exits()[0], exits()[1], Lab.CLIENT, Lab.CLIENT6);
  }

  @Test
  void aPublicPageMayUseFilesOfAnIpv6NameWithARule() throws Exception {
    String page = "https://" + Servers.PLAIN_NAME + "/mixed6.html";
    assertLoads(page, exits()[1], Lab.CLIENT, Lab.CLIENT6);
  }
}
