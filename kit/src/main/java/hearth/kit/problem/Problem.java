// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.problem;

import java.util.Map;

/**
 * An error that its reader can act on (AIP-193): a code, a stable reason, what is wrong and why,
 * and the next step. None of its texts holds a secret.
 */
public final class Problem extends RuntimeException {
  private final Code code;
  private final String reason;
  private final String fix;
  private final Map<String, String> metadata;

  /**
   * Makes a problem.
   *
   * @param code canonical code
   * @param reason stable word in UPPER_SNAKE_CASE, unique in Hearth
   * @param message what is wrong and why, one sentence without a final full stop
   * @param fix the next step, one sentence without a final full stop
   */
  public Problem(Code code, String reason, String message, String fix) {
    this(code, reason, message, fix, Map.of());
  }

  /** Makes a problem with values for programs. */
  public Problem(
      Code code, String reason, String message, String fix, Map<String, String> metadata) {
    super(message, null, false, true);
    this.code = code;
    this.reason = reason;
    this.fix = fix;
    this.metadata = Map.copyOf(metadata);
  }

  /** A bad value in a field of a request. */
  public static Problem invalid(String field, String message, String fix) {
    return new Problem(
        Code.INVALID_ARGUMENT,
        "INVALID_FIELD",
        field + ": " + message,
        fix,
        Map.of("field", field));
  }

  /** Something that is not there, or that the caller may not see. */
  public static Problem notFound(String kind, String name, String fix) {
    return new Problem(
        Code.NOT_FOUND,
        kind.toUpperCase(java.util.Locale.ROOT) + "_NOT_FOUND",
        "There is no " + kind + " '" + name + "', or you may not see it",
        fix,
        Map.of("name", name));
  }

  /** Something the caller may not do. */
  public static Problem forbidden(String what, String fix) {
    return new Problem(Code.PERMISSION_DENIED, "NOT_ALLOWED", what, fix);
  }

  /** The canonical code. */
  public Code code() {
    return code;
  }

  /** A stable word for programs. */
  public String reason() {
    return reason;
  }

  /** What is wrong and why. */
  public String what() {
    return java.util.Objects.requireNonNull(getMessage());
  }

  /** The next step. */
  public String fix() {
    return fix;
  }

  /** Values for programs. */
  public Map<String, String> metadata() {
    return metadata;
  }
}
