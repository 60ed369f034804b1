// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitEngine;
import oasis.io.Arrivals;
import oasis.io.CaptureSource;
import oasis.io.DataLoop;
import oasis.io.LinuxCapturePort;
import oasis.io.RawSender;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.EnslavedInterfaces;
import oasis.os.linux.LocalAddress;
import oasis.os.linux.SourceAddress;
import oasis.packet.Address;
import oasis.packet.Burst;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The raw backend's side: packets leave by raw or packet sockets under the node's own addresses,
 * come back by a packet socket, and the kernel is kept silent about them. Addresses and interfaces
 * of the host are followed when they change.
 */
final class RawSide implements Side {
  /** Mark of what we send, so that it is neither tracked nor captured by a client on this host. */
  static final int MARK = 0x2000_0000;

  private static final Logger LOG = LoggerFactory.getLogger(RawSide.class);

  private final ExitConfig config;
  private final int mark;
  private final RawSilence silence;
  private final RawSender sender;
  private final LinuxCapturePort capture;
  private volatile List<Address> addresses;
  private List<Integer> excluded;

  private RawSide(
      ExitConfig config,
      int mark,
      RawSilence silence,
      RawSender sender,
      LinuxCapturePort capture,
      List<Address> addresses,
      List<Integer> excluded) {
    this.config = config;
    this.mark = mark;
    this.silence = silence;
    this.sender = sender;
    this.capture = capture;
    this.addresses = addresses;
    this.excluded = excluded;
  }

  /**
   * Silences the kernel and opens the sockets.
   *
   * @param how NFT or SOCKETS
   * @param netAdmin whether settings of the host may be changed and packets be marked
   * @param former of the node to replace, whose sockets are taken over, or null
   */
  static RawSide open(
      ExitConfig config,
      ExitConfig.Silence how,
      boolean netAdmin,
      CommandRunner runner,
      @Nullable Estate former)
      throws OsException {
    int mark = netAdmin ? MARK : 0;
    List<Address> addresses = addresses(config, mark, List.of());
    config.raw().addresses().stream()
        .filter(one -> !SourceAddress.isAssigned(one))
        .forEach(one -> LOG.warn("{} is no address of this host; is it routed here?", one));
    if (addresses.isEmpty()) {
      LOG.warn("This host has no address of its own yet; flows can begin when it has one");
    }
    RawSilence silence = RawSilence.open(config, how, netAdmin, runner, addresses, former);
    RawSender sender = null;
    try {
      sender = RawSender.open(config.raw().send(), mark);
      List<Integer> excluded = excluded();
      LinuxCapturePort capture = capture(config.raw(), addresses, array(excluded), former);
      return new RawSide(config, mark, silence, sender, capture, addresses, excluded);
    } catch (OsException | RuntimeException e) {
      if (sender != null) {
        sender.close();
      }
      silence.close();
      throw e;
    }
  }

  private static LinuxCapturePort capture(
      ExitConfig.Raw raw, List<Address> addresses, int[] excluded, @Nullable Estate former)
      throws OsException {
    int first = raw.firstPort();
    int last = raw.lastPort();
    return former == null
        ? LinuxCapturePort.open(addresses, first, last, excluded, true)
        : LinuxCapturePort.adopt(former.take(), addresses, first, last, excluded, true);
  }

  /**
   * Those that were given, and for a family without one the host's own.
   *
   * @param used those in use until now
   */
  private static List<Address> addresses(ExitConfig config, int mark, List<Address> used) {
    List<Address> found = new ArrayList<>();
    for (boolean v4 : new boolean[] {true, false}) {
      if (v4 || config.mtu() >= EngineConfig.MIN_MTU6) {
        List<Address> given = ofFamily(config.raw().addresses(), v4);
        found.addAll(given);
        if (given.isEmpty()) {
          Optional<Address> last = ofFamily(used, v4).stream().findFirst();
          LocalAddress.next(last, SourceAddress.towardsInternet(v4, mark, ""))
              .ifPresent(found::add);
        }
      }
    }
    return List.copyOf(found);
  }

  private static List<Address> ofFamily(List<Address> addresses, boolean v4) {
    return addresses.stream().filter(one -> one.isV4() == v4).toList();
  }

  private static List<Integer> excluded() throws OsException {
    List<Integer> list = new ArrayList<>();
    for (int index : EnslavedInterfaces.list()) {
      list.add(index);
    }
    return list;
  }

  private static int[] array(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public int[] files() {
    int[] ports = silence.files();
    int[] files = Arrays.copyOf(ports, ports.length + 1);
    files[ports.length] = capture.fd();
    return files;
  }

  @Override
  public String table() {
    return silence.table();
  }

  @Override
  public void ours(boolean yes) {
    silence.ours(yes);
  }

  @Override
  public void join(DataLoop loop, Arrivals arrivals) {
    sender.join(loop);
    loop.add(new CaptureSource(capture, arrivals));
  }

  @Override
  public void begin(ExitEngine engine) {
    tell(engine, addresses);
  }

  private static void tell(ExitEngine engine, List<Address> addresses) {
    engine.external(addresses, System.nanoTime());
  }

  @Override
  public int send(Burst b) {
    return sender.add(b);
  }

  @Override
  public int pathMtu(Burst b) {
    return sender.pathMtu(b);
  }

  @Override
  public void flush() {
    sender.flush();
  }

  @Override
  public boolean mergesUdp() {
    return true;
  }

  @Override
  public void care(DataLoop loop, ExitEngine engine) throws OsException {
    List<Address> now = addresses(config, mark, addresses);
    List<Integer> skip = excluded();
    // First silence, so that the kernel never answers what a new address gets for our ports.
    if (silence.apply(now, List.of(InterfaceNames.list(), skip))) {
      LOG.warn("The nftables holder had ended; its table is in place again");
    }
    if (now.equals(addresses) && skip.equals(excluded)) {
      return;
    }
    if (!now.equals(addresses)) {
      LOG.info("Flows leave from {} from now on", text(now));
    }
    addresses = now;
    excluded = skip;
    loop.submit(
        () -> {
          try {
            capture.retarget(now, array(skip));
            tell(engine, now);
          } catch (OsException e) {
            LOG.error("{}; nothing can be carried", e.getMessage());
            tell(engine, List.of()); // no answer would arrive
          }
        });
  }

  private static String text(List<Address> addresses) {
    return addresses.isEmpty()
        ? "no address"
        : addresses.stream().map(Address::toString).collect(Collectors.joining(", "));
  }

  @Override
  public String description() {
    return "raw backend, %s, send by %s, silence by %s, ports %d-%d"
        .formatted(
            text(addresses),
            sender.description(),
            silence.how().name().toLowerCase(Locale.ROOT),
            config.raw().firstPort(),
            config.raw().lastPort());
  }

  @Override
  public Map<String, Object> report() {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("backend", "raw");
    report.put("ipv6", addresses.stream().anyMatch(one -> !one.isV4()));
    report.put("send", sender.description());
    report.put("silence", silence.how().name().toLowerCase(Locale.ROOT));
    report.put("addresses", addresses.stream().map(Address::toString).toList());
    report.put("firstPort", config.raw().firstPort());
    report.put("lastPort", config.raw().lastPort());
    report.put("rawPort", sender.counters().snapshot());
    report.put("capturePort", capture.counters().snapshot());
    return report;
  }

  @Override
  public void close() throws OsException {
    capture.close();
    sender.close();
    silence.close();
  }
}
