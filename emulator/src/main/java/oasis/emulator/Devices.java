// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import oasis.os.OsException;
import oasis.os.linux.Sysctl;

/**
 * Settings of nodes and their devices by which the kernel sends nothing of its own accord: no
 * router solicitations, no detection of duplicate addresses, and its reports of multicast groups
 * (RFC 3810) at once instead of within seconds, which is before the links carry anything. Methods
 * act in the calling thread's namespace.
 */
final class Devices {
  private static final boolean KERNEL_HAS_IPV6 = Files.exists(Path.of("/proc/sys/net/ipv6"));

  private Devices() {}

  /** Settings of a node. */
  static Map<String, String> ofNode(boolean forwarding) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("net/ipv4/ip_forward", forwarding ? "1" : "0");
    settings.put("net/ipv4/conf/all/rp_filter", "0");
    settings.put("net/ipv4/conf/default/rp_filter", "0");
    if (KERNEL_HAS_IPV6) {
      settings.put("net/ipv6/conf/all/forwarding", forwarding ? "1" : "0");
    }
    return settings;
  }

  /** Whether a node whose loopback device is up can use {@code ::1}. */
  static boolean loopbackHasIp6() throws OsException {
    return KERNEL_HAS_IPV6 && Sysctl.read("net/ipv6/conf/lo/disable_ipv6").equals("0");
  }

  /**
   * Makes a device silent before it is set up.
   *
   * @param ip6 whether it gets an IPv6 address; if not, IPv6 is off there
   */
  static void silence(String device, boolean ip6) throws OsException {
    String settings = "net/ipv6/conf/" + device + "/";
    if (ip6) {
      Sysctl.write(settings + "accept_ra", "0");
      Sysctl.write(settings + "accept_dad", "0");
      Sysctl.write(settings + "mldv2_unsolicited_report_interval", "1");
    } else if (KERNEL_HAS_IPV6) {
      Sysctl.write(settings + "disable_ipv6", "1");
    }
  }
}
