// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * One term of a subset, possibly behind {@code not}. {@code toString} gives the text that is read
 * back as the same term.
 */
public sealed interface Term {
  /** Whether {@code not} stands before the term. */
  boolean negated();

  /**
   * Names.
   *
   * @param pattern a glob against the whole name ({@code *} for any run of characters, dots too,
   *     {@code ?} for one character), or a regular expression between slashes that may match
   *     anywhere in the name unless it is anchored
   */
  record Name(boolean negated, String pattern) implements Term {
    /** Refuses a wrong pattern; see {@link Rule#parse(String)} for a checked exception. */
    public Name {
      try {
        pattern(pattern, 1);
      } catch (RuleException e) {
        throw new IllegalArgumentException("name:" + pattern + ": " + e.getMessage(), e);
      }
    }

    /** The pattern as a tree. */
    NamePattern compile() {
      try {
        return pattern(pattern, 1);
      } catch (RuleException e) {
        throw new AssertionError("checked by the constructor", e);
      }
    }

    /** Reads a pattern that begins at a column of the rule's text. */
    static NamePattern pattern(String text, int column) throws RuleException {
      if (text.startsWith("/")) {
        if (text.length() < 3 || !text.endsWith("/")) {
          throw new RuleException(column, "an expression stands between slashes: /PATTERN/");
        }
        return NameRegexParser.parse(text.substring(1, text.length() - 1), column + 1);
      }
      return NamePattern.ofGlob(text);
    }

    @Override
    public String toString() {
      return not(negated) + "name:" + pattern;
    }
  }

  /** All TCP, UDP and ICMP echo traffic: {@code any}. */
  record Any() implements Term {
    @Override
    public boolean negated() {
      return false;
    }

    @Override
    public String toString() {
      return "any";
    }
  }

  /** A protocol that a rule may name. */
  enum Protocol {
    TCP,
    UDP,
    /** Echo requests and replies of ICMP and ICMPv6; other messages follow their flow. */
    ICMP
  }

  /** Packets of one protocol: {@code tcp}. */
  record Proto(boolean negated, Protocol protocol) implements Term {
    @Override
    public String toString() {
      return not(negated) + protocol.name().toLowerCase(Locale.ROOT);
    }
  }

  /** Which end of a flow a term is about: the program's, or the one it talks to. */
  enum End {
    SOURCE,
    DESTINATION
  }

  /**
   * A run of ports.
   *
   * @param first 0 to 65,535
   * @param last not less than {@code first}
   */
  record PortRange(int first, int last) {
    /** Refuses numbers that are no ports and runs that go down. */
    public PortRange {
      if (first < 0 || last > 0xffff || first > last) {
        throw new IllegalArgumentException(first + "-" + last + " is not a run of ports");
      }
    }

    @Override
    public String toString() {
      return first == last ? Integer.toString(first) : first + "-" + last;
    }
  }

  /**
   * TCP and UDP packets with one of some ports: {@code dport 80-90,443}. Behind {@code not}:
   * everything else, ICMP included.
   */
  record Port(boolean negated, End end, List<PortRange> ranges) implements Term {
    /** Keeps a copy of the ranges. */
    public Port {
      ranges = List.copyOf(ranges);
    }

    @Override
    public String toString() {
      return not(negated) + (end == End.SOURCE ? "sport " : "dport ") + list(ranges);
    }
  }

  /**
   * Packets with an address in one of some blocks: {@code dst 128.95.0.0/16,2001:db8::/32}. Behind
   * {@code not}: everything else, of both families.
   */
  record Block(boolean negated, End end, List<Prefix> prefixes) implements Term {
    /** Keeps a copy of the prefixes. */
    public Block {
      prefixes = List.copyOf(prefixes);
    }

    @Override
    public String toString() {
      return not(negated) + (end == End.SOURCE ? "src " : "dst ") + list(prefixes);
    }
  }

  /** What only the host's kernel knows of a packet: which program of the host sends it. */
  sealed interface Program extends Term {
    /** The same without {@code not}. */
    Program positive();
  }

  /**
   * A run of user ids.
   *
   * @param first 0 to 4,294,967,294
   * @param last not less than {@code first}
   */
  record UserRange(long first, long last) {
    /** The highest user id; the number behind it means "no user". */
    public static final long MAX = 0xffff_fffeL;

    /** Refuses numbers that are no user ids and runs that go down. */
    public UserRange {
      if (first < 0 || last > MAX || first > last) {
        throw new IllegalArgumentException(first + "-" + last + " is not a run of user ids");
      }
    }

    @Override
    public String toString() {
      return first == last ? Long.toString(first) : first + "-" + last;
    }
  }

  /**
   * Packets of programs with one of some user ids: {@code uid 1000,2000-2999}. Behind {@code not}:
   * those of everybody else, the kernel included.
   */
  record User(boolean negated, List<UserRange> ranges) implements Program {
    /** Keeps a copy of the ranges. */
    public User {
      ranges = List.copyOf(ranges);
    }

    @Override
    public User positive() {
      return negated ? new User(false, ranges) : this;
    }

    /** Whether a user id is among those named, whatever stands before the term. */
    boolean names(long uid) {
      return ranges.stream().anyMatch(range -> uid >= range.first() && uid <= range.last());
    }

    /** The user ids that are named. */
    Ranges ids() {
      return Ranges.union(
          ranges.stream().map(range -> Ranges.of(range.first(), range.last())).toList());
    }

    @Override
    public String toString() {
      return not(negated) + "uid " + list(ranges);
    }
  }

  /**
   * Packets of programs in a control group (cgroup v2) or one below it: {@code cgroup
   * system.slice/sync.service}.
   *
   * @param path as below the root of the hierarchy, without a slash at either end
   */
  record ControlGroup(boolean negated, String path) implements Program {
    /** Most parts of a path; the kernel counts no deeper. */
    static final int MAX_LEVEL = 255;

    private static final int MAX_CHARS = 1_024;

    /** Refuses what is no path. */
    public ControlGroup {
      String fault = fault(path);
      if (fault != null) {
        throw new IllegalArgumentException(fault);
      }
    }

    /** What is wrong with a path, or null. */
    static @Nullable String fault(String path) {
      String[] parts = path.split("/", -1);
      for (String part : parts) {
        if (part.isEmpty() || part.equals(".") || part.equals("..")) {
          return "'" + path + "' is no control group: write for example system.slice/sync.service";
        }
      }
      if (path.length() > MAX_CHARS || parts.length > MAX_LEVEL) {
        return "a control group's path has at most "
            + MAX_CHARS
            + " characters and "
            + MAX_LEVEL
            + " parts";
      }
      return path.matches("[!#-~]+")
          ? null
          : "'" + path + "' holds a character that no rule about a control group may have";
    }

    @Override
    public ControlGroup positive() {
      return negated ? new ControlGroup(false, path) : this;
    }

    /** Number of parts of the path: how far below the root the group is. */
    public int level() {
      return path.split("/", -1).length;
    }

    /** Whether a group is the named one or below it, whatever stands before the term. */
    boolean names(String group) {
      return group.equals(path) || group.startsWith(path + "/");
    }

    @Override
    public String toString() {
      return not(negated) + "cgroup " + path;
    }
  }

  private static String not(boolean negated) {
    return negated ? "not " : "";
  }

  private static String list(List<?> parts) {
    return parts.stream().map(Object::toString).collect(Collectors.joining(","));
  }
}
