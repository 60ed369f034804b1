// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.lab.Daemons;
import oasis.os.CommandRunner;
import org.junit.jupiter.api.Test;

/** A client in another language, made from the page that specifies the wire interface. */
class WireInterfaceIT extends InClientLab {
  private static final Pattern EXAMPLE = Pattern.compile("(?s)```python\n(.*?)```");

  /** A keep-alive, then a ping of the web server's host, with nothing but the page's function. */
  private static final String PROGRAM =
      """
      import socket, sys, time
      secret, node, server = bytes.fromhex("1f" * 32), (sys.argv[1], 4700), sys.argv[2]
      udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      udp.settimeout(60)

      def opened(datagram):
          number, counter = struct.unpack("!IQ", datagram[-28:-16])
          assert seal(secret, b"node", number, counter, datagram[:-28]) == datagram
          return datagram[:-28]

      def checksum(data):
          total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
          total = (total & 0xffff) + (total >> 16)
          return 0xffff & ~((total & 0xffff) + (total >> 16))

      def packet():
          echo = struct.pack("!BBHHH8s", 8, 0, 0, 77, 1, b"oasis..!")
          echo = echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:]
          ends = socket.inet_aton("10.0.0.9") + socket.inet_aton(server)
          head = struct.pack("!BBHHHBBH8s", 0x45, 0, 20 + len(echo), 1, 0, 64, 1, 0, ends)
          return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + echo

      counter = time.time_ns()
      udp.sendto(seal(secret, b"client", 7, counter, b""), node)
      assert opened(udp.recv(2000)) == b""
      udp.sendto(seal(secret, b"client", 7, counter + 1, packet()), node)
      answer = opened(udp.recv(2000))
      assert answer[12:16] == socket.inet_aton(server) and answer[20] == 0, answer
      assert answer[24:26] == struct.pack("!H", 77) and answer[28:36] == b"oasis..!", answer
      print("answered")
      """;

  @Test
  void aProgramThatFollowsThePageIsServed() throws Exception {
    Path page = Daemons.script().resolveSibling("docs").resolve("wire-interface.md");
    Matcher example = EXAMPLE.matcher(Files.readString(page));
    assertThat(example.find()).isTrue();
    Path program = directory.resolve("client.py");
    Files.writeString(program, example.group(1) + PROGRAM);
    Path keys = directory.resolve("keys");
    Files.writeString(keys, "7 " + "1f".repeat(32) + "\n");
    Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
    lab.startExitWith("--keys", keys.toString());
    CommandRunner.Result result =
        lab.run(lab.client, "python3", program.toString(), ClientLab.EXIT, ClientLab.SERVER);
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo("answered\n");
  }
}
