// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.lab.Browser;
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
 * An unmodified Chromium without a screen loads pages of many files, by name and by header rule. It
 * knows our fake addresses for public ones.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
    value = Deployment.class,
    names = {"KERNEL", "MEDIATED"})
@Timeout(600)
class BrowserIT extends EachDeployment {
  private static Browser browser;

  BrowserIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    Browser.assumePossible();
    lab = Lab.start(directory);
    browser = new Browser(lab, WebSite.start(lab, List.of(80), List.of(443, 8443)));
    browser.writePages();
    // A page of the plain Internet whose files come from names with a rule.
    browser.writePage("mixed.html", "https://" + Servers.NAME);
    browser.writePage("mixed6.html", "https://" + Servers.NAME6);
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of("name:*.overlay.test lab", "tcp dport 8443 lab"));
  }

  private String[] exits() {
    return deployment.mediates()
        ? new String[] {Lab.CLIENT, Lab.CLIENT6}
        : new String[] {Lab.EXIT, Lab.EXIT6};
  }

  @Test
  void aPageLoadsByName() throws Exception {
    browser.assertLoads("http://" + Servers.NAME + "/page.html", exits());
  }

  @Test
  void aSecurePageLoadsByNameOverIpv6() throws Exception {
    assertThat(browser.assertLoads("https://" + Servers.NAME6 + "/page.html", exits()[1]))
        .extracting(Visit::protocol)
        .containsOnly("HTTP/2.0");
  }

  @Test
  void aSecurePageLoadsByHeader() throws Exception {
    browser.assertLoads("https://" + Servers.PLAIN_NAME + ":8443/page.html", exits());
  }

  /** Browsers ask before a public page may use the local network, where fakes must not lie. */
  @Test
  void aPublicPageMayUseFilesOfANameWithARule() throws Exception {
    String page = "https://" + Servers.PLAIN_NAME + "/mixed.html";
    browser.assertLoads(page, exits()[0], exits()[1], Lab.CLIENT, Lab.CLIENT6);
  }

  @Test
  void aPublicPageMayUseFilesOfAnIpv6NameWithARule() throws Exception {
    String page = "https://" + Servers.PLAIN_NAME + "/mixed6.html";
    browser.assertLoads(page, exits()[1], Lab.CLIENT, Lab.CLIENT6);
  }
}
