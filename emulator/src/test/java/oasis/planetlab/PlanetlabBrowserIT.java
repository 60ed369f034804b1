// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.lab.Browser;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.lab.WebSite;
import oasis.lab.WebSite.Visit;
import oasis.link.LinkSettings;
import org.junit.jupiter.api.Test;

/** A Chromium that uses the port as its proxy loads pages of many files, plain and secure. */
class PlanetlabBrowserIT extends InPortLab {
  @Test
  void pagesLoadByTheOverlayAndByTheUnderlay() throws Exception {
    Browser.assumePossible();
    build(LinkSettings.UNSHAPED);
    WebSite site = WebSite.start(lab, List.of(80), List.of(443));
    Browser browser = new Browser(lab, site, "--proxy-server=" + PROXY);
    browser.writePages();
    browser.writePage("mixed.html", "https://" + Servers.NAME);
    startPortWithOverlay();
    watchAnswers();
    browser.assertLoads("http://" + Servers.NAME + "/page.html", Lab.EXIT, Lab.EXIT6);
    browser.assertLoads("http://" + Servers.PLAIN_NAME + "/page.html", Lab.CLIENT, Lab.CLIENT6);
    assertThat(browser.assertLoads("https://" + Servers.NAME + "/page.html", Lab.EXIT, Lab.EXIT6))
        .as("a tunnel does not change what is spoken in it")
        .extracting(Visit::protocol)
        .containsOnly("HTTP/2.0");
    browser.assertLoads(
        "https://" + Servers.PLAIN_NAME + "/mixed.html",
        Lab.EXIT,
        Lab.EXIT6,
        Lab.CLIENT,
        Lab.CLIENT6);
    assertThat(watched("resets")).contains("packets 0 ");
    assertThat(watched("openings"))
        .as("one SYN-ACK for each connection, none of the kernel's")
        .contains("packets " + count("accepted") + " ");
    // The browser has names of its own that it asks for, which nobody knows here.
    assertThat(status().path("port").path("answers").fieldNames()).toIterable().isSubsetOf("502");
  }
}
