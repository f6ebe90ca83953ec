// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.Variable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes variables as Delve does, on one line or on several. */
public final class Text {
  private static final int SHORT_STRING = 7;
  private static final String INDENT = "\t";

  private final GoProcess process;
  private final StringBuilder out = new StringBuilder();
  private final boolean shortTypes;
  private final boolean rawStrings;
  private final String format;

  /** How a variable is written at its place. */
  private record Style(boolean top, boolean type, boolean lines) {
    static final Style PLAIN = new Style(false, false, false);

    Style lines(boolean wanted) {
      return new Style(top, type, wanted);
    }
  }

  private Text(GoProcess process, String format, boolean shortTypes, boolean rawStrings) {
    this.process = process;
    this.format = format;
    this.shortTypes = shortTypes;
    this.rawStrings = rawStrings;
  }

  /** On one line. */
  public static String line(GoProcess process, Variable v) {
    Text text = new Text(process, "", false, false);
    text.write(v, new Style(true, true, false), "");
    return text.out.toString();
  }

  /**
   * On several lines where there is much to tell.
   *
   * @param format how numbers are written, in the way of Go's package fmt, or empty
   */
  public static String lines(
      GoProcess process, Variable v, String indent, String format, boolean rawStrings) {
    Text text = new Text(process, format, false, rawStrings);
    text.write(v, new Style(true, true, true), indent);
    return text.out.toString();
  }

  /**
   * As traces show it, with short names of packages.
   *
   * @param severalLines whether it may take several
   */
  public static String traced(GoProcess process, Variable v, boolean severalLines) {
    Text text = new Text(process, "", true, false);
    text.write(v, new Style(true, true, severalLines), "");
    return text.out.toString();
  }

  /** The name of its type without the folders of its package. */
  public static String shortTypeName(Variable v) {
    return shorten(typeName(v));
  }

  /** Name of its type. */
  public static String typeName(Variable v) {
    if (v.is(Variable.CONSTANT) && v.type.name().isEmpty()) {
      return "";
    }
    return v.type.name();
  }

  private String type(Variable v) {
    String name = typeName(v);
    return shortTypes ? shorten(name) : name;
  }

  /** The name without the folders of its package. */
  static String shorten(String name) {
    int bracket = name.indexOf('[', name.startsWith("[") ? name.indexOf(']') + 1 : 0);
    String head = bracket < 0 ? name : name.substring(0, bracket);
    int slash = head.lastIndexOf('/');
    if (slash < 0) {
      return name;
    }
    int start = 0;
    while (start < name.length() && "*[]".indexOf(name.charAt(start)) >= 0) {
      start++;
    }
    return name.substring(0, start) + name.substring(slash + 1);
  }

  /** The plain value as text: of a number, a truth value, a string, a function. Else empty. */
  public static String value(GoProcess process, Variable v) {
    Object value = v.value;
    if (value == null) {
      return "";
    }
    return switch (value) {
      case String s when v.kind == Kind.STRING ->
          new String(s.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      case String s -> s;
      case Double d -> v.kind == Kind.FLOAT32 ? number(d.floatValue()) : number(d);
      case BigInteger i -> {
        String name = v.is(Variable.CONSTANT) ? "" : process.describe(v.type, i.longValue());
        yield name.isEmpty() ? i.toString() : name + " (" + i + ")";
      }
      case double[] pair -> complex(v, pair);
      default -> value.toString();
    };
  }

  private static String complex(Variable v, double[] pair) {
    boolean small = v.kind == Kind.COMPLEX64;
    return "("
        + (small ? number((float) pair[0]) : number(pair[0]))
        + " + "
        + (small ? number((float) pair[1]) : number(pair[1]))
        + "i)";
  }

  /** As Go writes it without an exponent: the shortest digits that lead back to it. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    return plain(new BigDecimal(Double.toString(value)));
  }

  /** The same of a number of either size. */
  public static String number(double value, boolean small) {
    return small ? number((float) value) : number(value);
  }

  private static String number(float value) {
    if (Float.isNaN(value) || Float.isInfinite(value) || value == 0) {
      return number((double) value);
    }
    return plain(new BigDecimal(Float.toString(value)));
  }

  private static String plain(BigDecimal value) {
    return value.stripTrailingZeros().toPlainString();
  }

  private void write(Variable v, Style style, String indent) {
    if (v.unreadable != null) {
      out.append("(unreadable ").append(v.unreadable).append(')');
      return;
    }
    if (!style.top && v.address == 0 && value(process, v).isEmpty()) {
      String type = type(v);
      out.append(style.type && !type.equals("void") ? type + " nil" : "nil");
      return;
    }
    switch (v.kind) {
      case SLICE -> {
        if (style.type) {
          out.append(type(v)).append(" len: ").append(v.length);
          out.append(", cap: ").append(v.capacity).append(", ");
        }
        if (v.base == 0 && v.children.isEmpty()) {
          out.append("nil");
        } else {
          elements(v, style, indent);
        }
      }
      case ARRAY -> {
        if (style.type) {
          out.append(type(v)).append(' ');
        }
        elements(v, style, indent);
      }
      case POINTER -> pointer(v, style, indent);
      case UNSAFE_POINTER ->
          out.append("unsafe.Pointer(")
              .append(v.children.isEmpty() ? "nil" : hex(v.children.getFirst().address))
              .append(')');
      case CHAN -> {
        if (style.lines) {
          structure(v, style, indent);
        } else if (v.children.isEmpty()) {
          out.append(type(v)).append(" nil");
        } else {
          out.append(type(v)).append(' ').append(value(process, v.children.get(0)));
          out.append('/').append(value(process, v.children.get(1)));
        }
      }
      case STRUCT -> {
        Style inner = style;
        if (v.value != null) {
          out.append(type(v)).append('(').append(v.value).append(')');
          inner = new Style(style.top, false, style.lines);
        }
        structure(v, inner, indent);
      }
      case INTERFACE -> contents(v, style, indent);
      case MAP -> map(v, style, indent);
      case FUNC -> function(v, style, indent);
      default -> basic(v);
    }
  }

  private static String hex(long address) {
    return address == 0 ? "0x0" : "0x" + Long.toHexString(address);
  }

  private void pointer(Variable v, Style style, String indent) {
    if (v.type.name().isEmpty() || v.children.isEmpty()) {
      out.append("nil");
      return;
    }
    Variable to = v.children.getFirst();
    if (to.onlyAddress && to.address != 0) {
      address(v);
      return;
    }
    if (style.top && style.lines && to.address != 0) {
      address(v);
      out.append('\n');
    }
    out.append('*');
    write(to, new Style(false, style.type, style.lines), indent);
  }

  private void address(Variable v) {
    String type = type(v);
    out.append('(').append(v.type.name().contains("/") ? quote(type) : type).append(")(");
    out.append(hex(v.children.getFirst().address)).append(')');
  }

  private void contents(Variable v, Style style, String indent) {
    if (v.address == 0 || v.children.isEmpty()) {
      out.append("nil");
      return;
    }
    Variable data = v.children.getFirst();
    if (style.type) {
      if (data.kind == Kind.INVALID) {
        out.append(type(v)).append(' ');
        if (data.address == 0) {
          out.append("nil");
          return;
        }
      } else {
        out.append(type(v)).append('(').append(type(data)).append(") ");
      }
    }
    Style inner = new Style(false, !style.type, style.lines);
    if (data.kind == Kind.POINTER) {
      if (data.children.isEmpty()) {
        out.append("...");
      } else if (data.children.getFirst().address == 0) {
        out.append("nil");
      } else if (data.children.getFirst().onlyAddress) {
        out.append(hex(data.address));
      } else {
        write(data, inner, indent);
      }
    } else if (data.onlyAddress) {
      String type = type(v);
      out.append("*(*").append(v.type.name().contains("/") ? quote(type) : type);
      out.append(")(").append(hex(v.address)).append(')');
    } else {
      write(data, inner, indent);
    }
  }

  private void structure(Variable v, Style style, String indent) {
    List<Variable> children = v.children;
    if (v.length != children.size() && children.isEmpty()) {
      String type = type(v);
      out.append("(*").append(v.type.name().contains("/") ? quote(type) : type).append(")(");
      out.append(hex(v.address)).append(')');
      return;
    }
    if (style.type) {
      out.append(type(v)).append(' ');
    }
    boolean lines = style.lines && needsLines(children);
    out.append('{');
    for (int i = 0; i < children.size(); i++) {
      begin(lines, indent);
      Variable child = children.get(i);
      out.append(child.name).append(": ");
      write(child, new Style(false, true, lines), indent + INDENT);
      if (i != children.size() - 1 || lines) {
        out.append(lines ? "," : ", ");
      }
    }
    more(v.length - children.size(), true, lines, indent);
    out.append('}');
  }

  private void begin(boolean lines, String indent) {
    if (lines) {
      out.append('\n').append(indent).append(INDENT);
    }
  }

  private void more(long left, boolean some, boolean lines, String indent) {
    if (left == 0) {
      return;
    }
    if (!some) {
      out.append("...");
      return;
    }
    if (lines) {
      begin(true, indent);
    } else {
      out.append(',');
    }
    out.append("...+").append(left).append(" more");
  }

  private void map(Variable v, Style style, String indent) {
    if (style.type) {
      out.append(type(v)).append(' ');
    }
    List<Variable> children = v.children;
    if (v.base == 0 && children.isEmpty()) {
      out.append("nil");
      return;
    }
    boolean lines = style.lines && !children.isEmpty();
    out.append('[');
    for (int i = 0; i + 1 < children.size(); i += 2) {
      begin(lines, indent);
      write(children.get(i), Style.PLAIN, indent + INDENT);
      out.append(": ");
      write(children.get(i + 1), Style.PLAIN.lines(lines), indent + INDENT);
      // As Delve has it, a comma follows the last entry too.
      out.append(", ");
    }
    more(v.length - children.size() / 2, !children.isEmpty(), lines, indent);
    if (lines) {
      out.append('\n').append(indent);
    }
    out.append(']');
  }

  private void function(Variable v, Style style, String indent) {
    String name = value(process, v);
    if (name.isEmpty()) {
      out.append("nil");
      return;
    }
    out.append(name);
    if (style.lines && !v.children.isEmpty()) {
      out.append(" {\n");
      for (Variable child : v.children) {
        out.append(indent).append(INDENT).append(child.name).append(' ').append(type(child));
        out.append(" = ");
        write(child, Style.PLAIN.lines(true), indent + INDENT);
        out.append('\n');
      }
      out.append(indent).append('}');
    }
  }

  private void elements(Variable v, Style style, String indent) {
    List<Variable> children = v.children;
    boolean lines = style.lines && elementsNeedLines(children);
    out.append('[');
    for (int i = 0; i < children.size(); i++) {
      begin(lines, indent);
      write(children.get(i), Style.PLAIN.lines(lines), indent + INDENT);
      if (i != children.size() - 1 || lines) {
        out.append(',');
      }
    }
    more(v.length - children.size(), !children.isEmpty(), lines, indent);
    if (lines) {
      out.append('\n').append(indent);
    }
    out.append(']');
  }

  private static Variable end(Variable v) {
    Variable at = v;
    while (at.kind == Kind.POINTER && !at.children.isEmpty()) {
      at = at.children.getFirst();
    }
    return at;
  }

  private static boolean isLarge(Kind kind) {
    return switch (kind) {
      case SLICE, ARRAY, STRUCT, MAP, INTERFACE -> true;
      default -> false;
    };
  }

  private boolean needsLines(List<Variable> children) {
    for (Variable child : children) {
      Kind kind = end(child).kind;
      if (isLarge(kind)) {
        return true;
      }
      if (kind == Kind.STRING && (child.kind == Kind.POINTER || byteLength(child) > SHORT_STRING)) {
        return true;
      }
    }
    return false;
  }

  private boolean elementsNeedLines(List<Variable> children) {
    if (children.isEmpty()) {
      return false;
    }
    Kind kind = end(children.getFirst()).kind;
    if (kind == Kind.STRING) {
      return children.getFirst().kind == Kind.POINTER
          || children.stream().anyMatch(c -> byteLength(c) > SHORT_STRING);
    }
    return isLarge(kind);
  }

  private static int byteLength(Variable v) {
    return v.value instanceof String s ? s.length() : 0;
  }

  private void basic(Variable v) {
    Object value = v.value;
    if (value == null && v.kind != Kind.STRING) {
      out.append("(unknown ").append(v.kind.text()).append(')');
      return;
    }
    if (v.kind == Kind.STRING) {
      String bytes = value instanceof String s ? s : "";
      if (!format.isEmpty()) {
        out.append(GoFormat.format(format, bytes));
        return;
      }
      String all =
          bytes.length() == v.length
              ? bytes
              : bytes + "...+" + (v.length - bytes.length()) + " more";
      out.append(rawStrings ? decode(all) : quote(all));
      return;
    }
    out.append(
        format.isEmpty() || value == null ? value(process, v) : GoFormat.format(format, value));
  }

  private static String decode(String bytes) {
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** A string with one character for each byte, as Go's {@code %q} writes it. */
  public static String quote(String bytes) {
    StringBuilder result = new StringBuilder("\"");
    byte[] raw = bytes.getBytes(StandardCharsets.ISO_8859_1);
    int i = 0;
    while (i < raw.length) {
      int b = raw[i] & 0xff;
      int length = b < 0x80 ? 1 : b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 0;
      int point = b;
      if (length > 1) {
        point = codePoint(raw, i, length);
      }
      if (length == 0 || point < 0) {
        result.append(String.format("\\x%02x", b));
        i++;
        continue;
      }
      i += length;
      switch (point) {
        case '"' -> result.append("\\\"");
        case '\\' -> result.append("\\\\");
        case 7 -> result.append("\\a");
        case '\b' -> result.append("\\b");
        case '\f' -> result.append("\\f");
        case '\n' -> result.append("\\n");
        case '\r' -> result.append("\\r");
        case '\t' -> result.append("\\t");
        case 11 -> result.append("\\v");
        default -> {
          if (isPrintable(point)) {
            result.appendCodePoint(point);
          } else if (point < 0x80) {
            result.append(String.format("\\x%02x", point));
          } else {
            result.append(String.format(point < 0x10000 ? "\\u%04x" : "\\U%08x", point));
          }
        }
      }
    }
    return result.append('"').toString();
  }

  private static boolean isPrintable(int point) {
    if (point == ' ') {
      return true;
    }
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  private static int codePoint(byte[] raw, int at, int length) {
    if (at + length > raw.length) {
      return -1;
    }
    String text = new String(raw, at, length, StandardCharsets.UTF_8);
    int point = text.codePointAt(0);
    return text.length() == Character.charCount(point) && point != 0xfffd ? point : -1;
  }
}
