// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads expressions of Go (The Go Programming Language Specification, Expressions), and types where
 * they may stand. Nesting is limited, so that no input exhausts the stack.
 */
final class Parser {
  private static final int MAX_DEPTH = 300;
  private static final int MAX_LENGTH = 1 << 16;
  private static final List<String> OPERATORS =
      List.of(
          "<<", ">>", "&^", "&&", "||", "==", "!=", "<=", ">=", "<-", ":=", "...", "++", "--", "+",
          "-", "*", "/", "%", "&", "|", "^", "<", ">", "=", "!", "(", ")", "[", "]", "{", "}", ",",
          ".", ":", ";");
  private static final Set<String> UNARY = Set.of("+", "-", "!", "^", "&", "<-");

  private enum Kind {
    NAME,
    NUMBER,
    IMAGINARY,
    RUNE,
    STRING,
    OPERATOR,
    END
  }

  private record Token(Kind kind, String text, int at, Object value) {}

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int next;
  private int depth;

  private Parser(String source) {
    this.source = source;
  }

  /**
   * Reads one expression.
   *
   * @throws EvalException if it is none, with the position as Go's parser tells it
   */
  static Node parse(String source) {
    if (source.length() > MAX_LENGTH) {
      throw new EvalException("expression is longer than " + MAX_LENGTH + " characters");
    }
    Parser parser = new Parser(source);
    parser.scan();
    Node node = parser.binary(1);
    if (parser.peek().kind != Kind.END) {
      throw parser.error(parser.peek(), "expected 'EOF', found " + parser.show(parser.peek()));
    }
    return node;
  }

  private EvalException error(Token token, String message) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < token.at; i++) {
      if (source.charAt(i) == '\n') {
        line++;
        column = 1;
      } else {
        column++;
      }
    }
    return new EvalException(line + ":" + column + ": " + message);
  }

  private String show(Token token) {
    return switch (token.kind) {
      case END -> endsStatement() ? "newline" : "'EOF'";
      case OPERATOR -> "'" + token.text + "'";
      default -> token.text;
    };
  }

  /** Whether Go puts a semicolon at the end of a line that ends so. */
  private boolean endsStatement() {
    if (tokens.size() < 2) {
      return false;
    }
    Token last = tokens.get(tokens.size() - 2);
    return last.kind != Kind.OPERATOR || List.of(")", "]", "}", "++", "--").contains(last.text);
  }

  // Tokens

  private void scan() {
    int at = 0;
    while (at < source.length()) {
      char c = source.charAt(at);
      if (Character.isWhitespace(c)) {
        at++;
      } else if (c == '_' || Character.isLetter(c)) {
        int start = at;
        while (at < source.length()
            && (source.charAt(at) == '_' || Character.isLetterOrDigit(source.charAt(at)))) {
          at++;
        }
        String name = source.substring(start, at);
        tokens.add(new Token(Kind.NAME, name, start, name));
      } else if (Character.isDigit(c)
          || (c == '.' && at + 1 < source.length() && Character.isDigit(source.charAt(at + 1)))) {
        at = number(at);
      } else if (c == '"' || c == '`' || c == '\'') {
        at = quoted(at, c);
      } else {
        at = operator(at);
      }
    }
    tokens.add(new Token(Kind.END, "", source.length(), ""));
  }

  private int operator(int at) {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        tokens.add(new Token(Kind.OPERATOR, operator, at, operator));
        return at + operator.length();
      }
    }
    int point = source.codePointAt(at);
    throw error(
        new Token(Kind.END, "", at, ""),
        String.format("illegal character U+%04X '%s'", point, Character.toString(point)));
  }

  private int number(int start) {
    int at = start;
    boolean hex = source.startsWith("0x", at) || source.startsWith("0X", at);
    boolean real = false;
    while (at < source.length()) {
      char c = source.charAt(at);
      boolean exponent = hex ? c == 'p' || c == 'P' : c == 'e' || c == 'E';
      if (exponent && at + 1 < source.length() && "+-".indexOf(source.charAt(at + 1)) >= 0) {
        real = true;
        at += 2;
      } else if (c == '.' || exponent) {
        real = true;
        at++;
      } else if (Character.isLetterOrDigit(c) || c == '_') {
        if (c == 'i' && !hex) {
          break;
        }
        at++;
      } else {
        break;
      }
    }
    String text = source.substring(start, at);
    String digits = text.replace("_", "");
    boolean imaginary = at < source.length() && source.charAt(at) == 'i';
    try {
      if (imaginary) {
        tokens.add(new Token(Kind.IMAGINARY, text + "i", start, Double.valueOf(digits)));
        return at + 1;
      }
      Object value;
      if (real) {
        value = hex ? Double.valueOf(digits) : new BigDecimal(digits).doubleValue();
      } else {
        value = integer(digits);
      }
      tokens.add(new Token(Kind.NUMBER, text, start, value));
    } catch (NumberFormatException e) {
      throw error(new Token(Kind.END, "", start, ""), "invalid number literal " + text);
    }
    return at;
  }

  private static BigInteger integer(String digits) {
    if (digits.length() > 1 && digits.charAt(0) == '0') {
      return switch (Character.toLowerCase(digits.charAt(1))) {
        case 'x' -> new BigInteger(digits.substring(2), 16);
        case 'o' -> new BigInteger(digits.substring(2), 8);
        case 'b' -> new BigInteger(digits.substring(2), 2);
        default -> new BigInteger(digits.substring(1), 8);
      };
    }
    return new BigInteger(digits);
  }

  private int quoted(int start, char quote) {
    StringBuilder bytes = new StringBuilder();
    int at = start + 1;
    int points = 0;
    int point = 0;
    while (true) {
      if (at >= source.length() || (quote != '`' && source.charAt(at) == '\n')) {
        throw error(
            new Token(Kind.END, "", start, ""),
            quote == '\'' ? "rune literal not terminated" : "string literal not terminated");
      }
      char c = source.charAt(at);
      if (c == quote) {
        break;
      }
      points++;
      if (c == '\\' && quote != '`') {
        int[] end = new int[1];
        boolean[] isByte = new boolean[1];
        point = escape(at, end, isByte);
        at = end[0];
        append(bytes, point, isByte[0]);
      } else {
        point = source.codePointAt(at);
        at += Character.charCount(point);
        append(bytes, point, false);
      }
    }
    String text = source.substring(start, at + 1);
    if (quote == '\'') {
      if (points != 1) {
        throw error(new Token(Kind.END, "", start, ""), "illegal rune literal");
      }
      tokens.add(new Token(Kind.RUNE, text, start, BigInteger.valueOf(point)));
    } else {
      tokens.add(new Token(Kind.STRING, text, start, bytes.toString()));
    }
    return at + 1;
  }

  private static void append(StringBuilder bytes, int point, boolean isByte) {
    if (isByte) {
      bytes.append((char) point);
    } else {
      byte[] encoded = Character.toString(point).getBytes(StandardCharsets.UTF_8);
      bytes.append(new String(encoded, StandardCharsets.ISO_8859_1));
    }
  }

  private int escape(int at, int[] end, boolean[] isByte) {
    int c = at + 1 < source.length() ? source.charAt(at + 1) : 0;
    int simple = "abfnrtv\\'\"".indexOf(c);
    if (simple >= 0 && c != 0) {
      end[0] = at + 2;
      return "\u0007\b\f\n\r\t\u000b\\'\"".charAt(simple);
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : c >= '0' && c <= '7' ? 3 : 0;
    int from = digits == 3 ? at + 1 : at + 2;
    if (digits > 0 && from + digits <= source.length()) {
      try {
        int value = Integer.parseInt(source, from, from + digits, digits == 3 ? 8 : 16);
        if (value >= 0 && value <= (digits < 4 ? 255 : Character.MAX_CODE_POINT)) {
          end[0] = from + digits;
          isByte[0] = digits < 4;
          return value;
        }
      } catch (NumberFormatException e) {
        throw error(new Token(Kind.END, "", at, ""), "unknown escape sequence");
      }
    }
    throw error(new Token(Kind.END, "", at, ""), "unknown escape sequence");
  }

  // Grammar

  private Token peek() {
    return tokens.get(next);
  }

  private boolean is(String operator) {
    Token token = peek();
    return token.kind == Kind.OPERATOR && token.text.equals(operator);
  }

  private boolean take(String operator) {
    if (is(operator)) {
      next++;
      return true;
    }
    return false;
  }

  private void expect(String operator) {
    if (!take(operator)) {
      throw error(peek(), "expected '" + operator + "', found " + show(peek()));
    }
  }

  private static int precedence(String operator) {
    return switch (operator) {
      case "||" -> 1;
      case "&&" -> 2;
      case "==", "!=", "<", "<=", ">", ">=" -> 3;
      case "+", "-", "|", "^" -> 4;
      case "*", "/", "%", "<<", ">>", "&", "&^" -> 5;
      default -> 0;
    };
  }

  private Node binary(int lowest) {
    if (++depth > MAX_DEPTH) {
      throw error(peek(), "expression is nested too deeply");
    }
    Node left = unary();
    while (peek().kind == Kind.OPERATOR && precedence(peek().text) >= lowest) {
      String operator = peek().text;
      next++;
      Node right = binary(precedence(operator) + 1);
      left = new Node.Binary(operator, left, right);
    }
    depth--;
    return left;
  }

  private Node unary() {
    if (++depth > MAX_DEPTH) {
      throw error(peek(), "expression is nested too deeply");
    }
    Token token = peek();
    Node result;
    if (token.kind == Kind.OPERATOR && UNARY.contains(token.text)) {
      next++;
      result = new Node.Unary(token.text, unary());
    } else if (take("*")) {
      result = new Node.Star(unary());
    } else {
      result = suffixes(operand());
    }
    depth--;
    return result;
  }

  private Node operand() {
    Token token = peek();
    switch (token.kind) {
      case NAME -> {
        switch (token.text) {
          case "map", "chan", "func", "struct", "interface" -> {
            return new Node.Type(type());
          }
          default -> {
            next++;
            return new Node.Identifier(token.text);
          }
        }
      }
      case NUMBER, STRING -> {
        next++;
        return new Node.Literal(token.text, token.value, false);
      }
      case RUNE -> {
        next++;
        return new Node.Literal(token.text, token.value, true);
      }
      case IMAGINARY -> {
        next++;
        return new Node.Imaginary(token.text, (Double) token.value);
      }
      default -> {
        if (take("(")) {
          Node inner = binary(1);
          expect(")");
          return new Node.Parentheses(inner);
        }
        if (is("[")) {
          return new Node.Type(type());
        }
        throw error(token, "expected operand, found " + show(token));
      }
    }
  }

  private Node suffixes(Node start) {
    Node node = start;
    while (true) {
      if (take(".")) {
        Token token = peek();
        if (take("(")) {
          Node type;
          if (peek().kind == Kind.NAME
              && (peek().text.equals("data") || peek().text.equals("type"))
              && tokens.get(next + 1).text.equals(")")) {
            next++;
            type = null;
          } else {
            type = unary();
          }
          expect(")");
          node = new Node.Assertion(node, type);
        } else if (token.kind == Kind.NAME) {
          next++;
          node = new Node.Selector(node, token.text);
        } else {
          throw error(token, "expected selector or type assertion, found " + show(token));
        }
      } else if (take("[")) {
        node = indexed(node);
      } else if (take("(")) {
        List<Node> arguments = new ArrayList<>();
        while (!is(")") && peek().kind != Kind.END) {
          arguments.add(binary(1));
          if (!take(",")) {
            break;
          }
        }
        expect(")");
        node = new Node.Call(node, arguments);
      } else if (is("{") && canBeComposite(node)) {
        node = composite(node);
      } else {
        return node;
      }
    }
  }

  private static boolean canBeComposite(Node node) {
    return node instanceof Node.Identifier
        || node instanceof Node.Type
        || (node instanceof Node.Selector s && s.of() instanceof Node.Identifier)
        || (node instanceof Node.Selector q && q.of() instanceof Node.Literal);
  }

  private Node composite(Node type) {
    expect("{");
    List<Node> elements = new ArrayList<>();
    while (!is("}")) {
      Node element = binary(1);
      if (take(":")) {
        element = new Node.KeyValue(element, binary(1));
      }
      elements.add(element);
      if (!take(",")) {
        break;
      }
    }
    expect("}");
    return new Node.Composite(type, elements);
  }

  private Node indexed(Node of) {
    Node low = is(":") ? null : binary(1);
    if (low != null && take("]")) {
      return new Node.Index(of, low);
    }
    if (low != null && is(",")) { // type arguments of a generic type or function
      StringBuilder text = new StringBuilder(of + "[" + low);
      while (take(",")) {
        text.append(',').append(binary(1));
      }
      expect("]");
      return new Node.Type(text.append(']').toString());
    }
    expect(":");
    Node high = is("]") || is(":") ? null : binary(1);
    if (is(":")) {
      throw new EvalException("3-index slice expressions not supported");
    }
    expect("]");
    return new Node.Slice(of, low, high);
  }

  /** A type that is no name, in the way that the compiler writes names of types. */
  private String type() {
    if (++depth > MAX_DEPTH) {
      throw error(peek(), "expression is nested too deeply");
    }
    String text = typeText();
    depth--;
    return text;
  }

  private String typeText() {
    if (take("*")) {
      return "*" + type();
    }
    if (take("(")) {
      String inner = type();
      expect(")");
      return inner;
    }
    if (take("[")) {
      String length = "";
      if (!is("]")) {
        length = binary(1).toString();
      }
      expect("]");
      return "[" + length + "]" + type();
    }
    if (take("<-")) {
      return "<-" + type();
    }
    Token token = peek();
    if (token.kind == Kind.STRING) {
      next++;
      expect(".");
      Token name = peek();
      next++;
      return token.value + "." + name.text;
    }
    if (token.kind != Kind.NAME) {
      throw error(token, "expected type, found " + show(token));
    }
    next++;
    switch (token.text) {
      case "map" -> {
        expect("[");
        String key = type();
        expect("]");
        return "map[" + key + "]" + type();
      }
      case "chan" -> {
        String direction = take("<-") ? "<- " : " ";
        return "chan" + direction + type();
      }
      case "func" -> {
        return "func" + signature();
      }
      case "interface", "struct" -> {
        expect("{");
        StringBuilder inner = new StringBuilder();
        while (!is("}") && peek().kind != Kind.END) {
          inner.append(inner.isEmpty() ? "" : " ").append(peek().text);
          next++;
        }
        expect("}");
        return token.text + (inner.isEmpty() ? " {}" : " { " + inner + " }");
      }
      default -> {
        StringBuilder name = new StringBuilder(token.text);
        while (take(".")) {
          name.append('.').append(peek().text);
          next++;
        }
        if (take("[")) {
          name.append('[').append(type());
          while (take(",")) {
            name.append(',').append(type());
          }
          expect("]");
          name.append(']');
        }
        return name.toString();
      }
    }
  }

  private String signature() {
    StringBuilder text = new StringBuilder("(");
    expect("(");
    while (!is(")")) {
      text.append(text.length() > 1 ? ", " : "").append(take("...") ? "..." : "").append(type());
      if (!take(",")) {
        break;
      }
    }
    expect(")");
    text.append(')');
    if (is("(")) {
      text.append(' ').append(signature());
    } else if (peek().kind == Kind.NAME || is("*") || is("[")) {
      text.append(' ').append(type());
    }
    return text.toString();
  }
}
