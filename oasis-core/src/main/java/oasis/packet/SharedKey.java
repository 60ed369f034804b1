// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A key that a client and a node share beforehand: a number that says which one it is, a secret of
 * 32 bytes, and what the operator calls it. As text {@code NUMBER SECRET [NAME]} with the secret in
 * hexadecimal. Immutable; never printed with its secret.
 */
public final class SharedKey {
  /** Bytes of a secret. */
  public static final int SECRET_BYTES = TrailerMac.KEY_BYTES;

  /** Which end of a key one is: the two directions have keys of their own. */
  public enum Role {
    /** Who takes the key to a node: a client, or a node that acts as one. */
    CLIENT,
    /** Who holds the keys of all its clients. */
    NODE
  }

  private static final String HMAC = "HmacSHA256";
  private static final String FORM = "it must read NUMBER SECRET [NAME]";

  private final int id;
  private final byte[] secret;
  private final String name;

  /**
   * @param id 1 to {@link Trailer#MAX_KEY_ID}
   * @param secret {@link #SECRET_BYTES} bytes
   * @param name what the operator calls it; may be empty
   */
  public SharedKey(int id, byte[] secret, String name) {
    if (id < 1 || id > Trailer.MAX_KEY_ID) {
      throw new IllegalArgumentException(
          "the number of a key must be 1 to " + Trailer.MAX_KEY_ID + ", not " + id);
    }
    if (secret.length != SECRET_BYTES) {
      throw new IllegalArgumentException("the secret of a key has 32 bytes");
    }
    this.id = id;
    this.secret = secret.clone();
    this.name = name;
  }

  /**
   * Reads {@code NUMBER SECRET [NAME]}.
   *
   * @throws IllegalArgumentException one line that says what is wrong, without the secret
   */
  public static SharedKey parse(String text) {
    String[] words = text.strip().split("\\s+", -1);
    if (words.length < 2 || words.length > 3) {
      throw new IllegalArgumentException(FORM);
    }
    if (!words[1].matches("[0-9a-fA-F]{64}")) {
      throw new IllegalArgumentException("the secret must be 64 hexadecimal digits");
    }
    String name = words.length == 3 ? words[2] : "";
    if (!name.matches("[A-Za-z0-9._@-]{0,64}")) {
      throw new IllegalArgumentException(
          "the name takes up to 64 letters, digits, dots, dashes, underscores and @");
    }
    return new SharedKey(parseId(words[0]), HexFormat.of().parseHex(words[1]), name);
  }

  /**
   * Reads the number of a key.
   *
   * @throws IllegalArgumentException one line that says what is wrong
   */
  public static int parseId(String text) {
    if (!text.matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException("the number of a key is not '" + text + "'");
    }
    int id = Integer.parseInt(text);
    if (id < 1 || id > Trailer.MAX_KEY_ID) {
      throw new IllegalArgumentException(
          "the number of a key must be 1 to " + Trailer.MAX_KEY_ID + ", not " + id);
    }
    return id;
  }

  /** Its number, 1 to {@link Trailer#MAX_KEY_ID}. */
  public int id() {
    return id;
  }

  /** What the operator calls it; may be empty. */
  public String name() {
    return name;
  }

  /** The key by which an end seals; any thread. */
  byte[] derive(Role sender) {
    String label = sender == Role.CLIENT ? "oasis trailer 1 client" : "oasis trailer 1 node";
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(secret, HMAC));
      return mac.doFinal(label.getBytes(StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + HMAC, e);
    }
  }

  /** Whether it is the same key, whatever the operator calls it. */
  public boolean isSame(SharedKey other) {
    return id == other.id && MessageDigest.isEqual(secret, other.secret);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SharedKey key && isSame(key) && name.equals(key.name);
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, name, Arrays.hashCode(secret));
  }

  /** Number and name. */
  @Override
  public String toString() {
    return name.isEmpty() ? "key " + id : "key " + id + " (" + name + ")";
  }
}
