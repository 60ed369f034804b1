// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SO_MARK;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import oasis.packet.Address;
import oasis.packet.Addresses;

/**
 * The address that this host uses as its own towards somewhere: the choice of its kernel (RFC 6724
 * section 5, routes, privacy addresses), asked by connecting a UDP socket, which sends nothing. All
 * of it is about the network namespace of the calling thread.
 */
public final class SourceAddress {
  /** Destinations that only a default route leads to, whatever else the host is attached to. */
  public static final Address FAR4 = Address.parse("203.0.113.1");

  /** The same for IPv6. */
  public static final Address FAR6 = Address.parse("2001:db8:ffff:ffff::1");

  private static final int DISCARD_PORT = 9;

  private static final Path IF_INET6 = Path.of("/proc/thread-self/net/if_inet6");

  /** IFA_F_TENTATIVE and IFA_F_DADFAILED (linux/if_addr.h). */
  private static final int NOT_USABLE = 0x48;

  private SourceAddress() {}

  /**
   * The source address of packets to a destination.
   *
   * @param mark firewall mark of those packets, which policy routing may look at; 0 for none
   * @return empty when no route leads there, and for a link-local or loopback source, which only
   *     this link or host can answer
   */
  public static Optional<Address> towards(Address destination, int mark) {
    int family = destination.isV4() ? AF_INET : AF_INET6;
    int fd = Sys.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return Optional.empty(); // a kernel without this family
    }
    try {
      if (mark != 0) {
        Sockets.trySet(fd, SOL_SOCKET, SO_MARK, mark);
      }
      if (Sockets.connect(fd, family, destination.hi(), destination.lo(), DISCARD_PORT) < 0) {
        return Optional.empty();
      }
      return Optional.ofNullable(Sockets.localAddress(fd)).filter(SourceAddress::isAnswerable);
    } finally {
      Sys.close(fd);
    }
  }

  /**
   * The address that this host uses towards the Internet. Without a default route it is the first
   * one of its interfaces that could be answered from another network; of IPv6 only a global one,
   * because every bridge and VPN has a local one.
   *
   * @param mark as for {@link #towards}
   * @param device name of an interface that does not count: our own TUN device
   */
  public static Optional<Address> towardsInternet(boolean ipv4, int mark, String device) {
    Optional<Address> chosen = towards(ipv4 ? FAR4 : FAR6, mark);
    if (chosen.isPresent()) {
      return chosen;
    }
    return (ipv4 ? addresses4(device) : addresses6(device))
        .filter(SourceAddress::isAnswerable)
        .findFirst();
  }

  /** Whether an address belongs to this host at the moment. */
  public static boolean isAssigned(Address address) {
    int family = address.isV4() ? AF_INET : AF_INET6;
    int fd = Sys.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return false;
    }
    try {
      return Sockets.bind(fd, family, address.hi(), address.lo(), 0) >= 0;
    } finally {
      Sys.close(fd);
    }
  }

  private static Stream<Address> addresses4(String except) {
    try {
      return NetworkInterface.networkInterfaces()
          .filter(one -> !one.getName().equals(except))
          .flatMap(NetworkInterface::inetAddresses)
          .filter(Inet4Address.class::isInstance)
          .map(one -> new Address(0, Addresses.v4(ByteBuffer.wrap(one.getAddress()).getInt())));
    } catch (SocketException e) {
      return Stream.empty(); // no interfaces
    }
  }

  /** The JDK's list of IPv6 addresses is the one of another namespace when a thread has moved. */
  private static Stream<Address> addresses6(String except) {
    try {
      return Files.readAllLines(IF_INET6, US_ASCII).stream()
          .map(line -> line.split(" +", -1))
          .filter(words -> words.length == 6 && !words[5].equals(except))
          .filter(words -> (Integer.parseInt(words[4], 16) & NOT_USABLE) == 0)
          .map(words -> words[0])
          .map(hex -> new Address(half(hex, 0), half(hex, 16)))
          .filter(one -> one.hi() >>> 61 == 1); // 2000::/3
    } catch (IOException e) {
      return Stream.empty(); // a kernel without IPv6
    }
  }

  private static long half(String hex, int at) {
    return Long.parseUnsignedLong(hex, at, at + 16, 16);
  }

  private static boolean isAnswerable(Address one) {
    return !Addresses.isUnspecified(one.hi(), one.lo())
        && !Addresses.isLoopback(one.hi(), one.lo())
        && (one.isV4() || !Addresses.isLinkLocal(one.hi(), one.lo()));
  }
}
