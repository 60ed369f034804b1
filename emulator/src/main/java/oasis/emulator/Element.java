// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import oasis.packet.Address;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/** The attributes of one XML element; errors name its place. */
final class Element {
  final String place;
  final Map<String, String> attributes = new TreeMap<>();
  private final String name;

  /** Reads a quantity up to a largest value. */
  @FunctionalInterface
  interface QuantityParser {
    long parse(String text, long most);
  }

  /**
   * @param name of the element
   * @param place file and line
   */
  Element(String name, String place) {
    this.name = name;
    this.place = place;
  }

  boolean has(String attribute) {
    return attributes.containsKey(attribute);
  }

  /** This element if it has the attribute, else the other. */
  Element or(Element other, String attribute) {
    return has(attribute) ? this : other;
  }

  String text(String attribute) {
    String value = attributes.get(attribute);
    if (value == null) {
      throw new TopologyException(
          place + ": element <" + name + ">: attribute " + attribute + " is missing");
    }
    return value;
  }

  long number(String attribute, long least, long most, long otherwise) {
    if (!has(attribute)) {
      return otherwise;
    }
    String value = text(attribute);
    try {
      long number = Long.parseLong(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number out of range.
    }
    throw wrong(attribute, "\"" + value + "\" is not a whole number of " + least + " to " + most);
  }

  /** True for {@code yes}, false for {@code no}. */
  boolean choice(String attribute, String yes, String no, String otherwise) {
    String value = has(attribute) ? text(attribute) : otherwise;
    if (!value.equals(yes) && !value.equals(no)) {
      throw wrong(attribute, "must be " + yes + " or " + no + ", not \"" + value + "\"");
    }
    return value.equals(yes);
  }

  /** The address in an attribute, which holds one of the given family only; null without it. */
  @Nullable LinkAddress linkAddress(String attribute, boolean v4) {
    if (!has(attribute)) {
      return null;
    }
    String value = text(attribute);
    LinkAddress address = parse(attribute, () -> LinkAddress.parse(value));
    if (address.isV4() != v4) {
      throw wrong(attribute, "\"" + value + "\" is not an " + (v4 ? "IPv4" : "IPv6") + " address");
    }
    return address;
  }

  Prefix prefix(String attribute) {
    String value = text(attribute);
    return parse(attribute, () -> Prefix.parse(value));
  }

  Address address(String attribute) {
    String value = text(attribute);
    return parse(attribute, () -> Address.parse(value));
  }

  long quantity(String attribute, QuantityParser parser, long most) {
    String value = text(attribute);
    return parse(attribute, () -> parser.parse(value, most));
  }

  <T> T parse(String attribute, Supplier<T> parser) {
    try {
      return parser.get();
    } catch (IllegalArgumentException e) {
      throw wrong(attribute, String.valueOf(e.getMessage()));
    }
  }

  TopologyException wrong(String attribute, String message) {
    return new TopologyException(
        place + ": element <" + name + ">: attribute " + attribute + ": " + message);
  }
}
