// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON (RFC 8259) as plain Java values: {@link Map} with string keys, {@link List}, {@link String},
 * {@link Number}, {@link Boolean} and null. Public records are written as objects, map keys and
 * anything else as their text. Streams only: no object mapping, which would triple the start-up
 * time of a command line that prints one table.
 */
public final class Json {
  /** Deepest nesting that {@link #parse} accepts. */
  public static final int MAX_DEPTH = 64;

  private static final int MAX_STRING = 1 << 20;
  private static final int MAX_NUMBER_DIGITS = 100;

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_STRING)
                  .maxNumberLength(MAX_NUMBER_DIGITS)
                  .build())
          .build();

  private Json() {}

  /** Writes a value in UTF-8, maps in their iteration order. */
  public static byte[] write(@Nullable Object value) {
    return write(value, false);
  }

  /** As {@link #write}, indented for people. */
  public static byte[] writePretty(@Nullable Object value) {
    return write(value, true);
  }

  /**
   * Reads exactly one value.
   *
   * @throws JsonException when the text is not one JSON value; says what and where
   */
  public static @Nullable Object parse(byte[] text) throws JsonException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() == null) {
        throw new JsonException("nothing where a JSON value should be");
      }
      Object value = value(parser);
      if (parser.nextToken() != null) {
        throw new JsonException("more than one JSON value");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new JsonException(e.getOriginalMessage() + place(e));
    } catch (IOException e) {
      // Reading from an array fails only for bytes that are no text.
      throw new JsonException("not UTF-8 text");
    }
  }

  /** Reads one JSON object. */
  public static Map<String, @Nullable Object> parseObject(byte[] text) throws JsonException {
    if (parse(text) instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> object = new LinkedHashMap<>();
      map.forEach((key, value) -> object.put((String) key, value));
      return object;
    }
    throw new JsonException("not a JSON object");
  }

  private static String place(JsonProcessingException e) {
    return e.getLocation() == null
        ? ""
        : " at line %d, column %d"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  private static byte[] write(@Nullable Object value, boolean pretty) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator generator = FACTORY.createGenerator(bytes)) {
      if (pretty) {
        generator.useDefaultPrettyPrinter();
      }
      write(value, generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(@Nullable Object value, JsonGenerator to) throws IOException {
    if (value instanceof Map<?, ?> map) {
      to.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        to.writeFieldName(String.valueOf(entry.getKey()));
        write(entry.getValue(), to);
      }
      to.writeEndObject();
    } else if (value instanceof Iterable<?> items) {
      to.writeStartArray();
      for (Object item : items) {
        write(item, to);
      }
      to.writeEndArray();
    } else if (value instanceof Record record) {
      to.writeStartObject();
      for (RecordComponent component : record.getClass().getRecordComponents()) {
        to.writeFieldName(component.getName());
        write(component(record, component), to);
      }
      to.writeEndObject();
    } else if (value instanceof Integer || value instanceof Long) {
      to.writeNumber(((Number) value).longValue());
    } else if (value instanceof Number number) {
      double real = number.doubleValue();
      if (Double.isFinite(real)) {
        to.writeNumber(real);
      } else {
        to.writeNull(); // RFC 8259 section 6: infinity and NaN are not permitted.
      }
    } else if (value instanceof Boolean bool) {
      to.writeBoolean(bool);
    } else if (value == null) {
      to.writeNull();
    } else {
      to.writeString(value.toString());
    }
  }

  private static @Nullable Object component(Record record, RecordComponent component) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("not a public record: " + record.getClass(), e);
    }
  }

  private static @Nullable Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
          parser.nextToken();
          map.put(name, value(parser));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser));
        }
        yield list;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private static Number number(JsonParser parser) throws IOException {
    JsonParser.NumberType type = parser.getNumberType();
    if (type == JsonParser.NumberType.INT || type == JsonParser.NumberType.LONG) {
      return parser.getLongValue();
    }
    double real = parser.getDoubleValue();
    if (Double.isInfinite(real)) {
      throw new JsonParseException(parser, "a number beyond the range of a double");
    }
    return real;
  }
}
