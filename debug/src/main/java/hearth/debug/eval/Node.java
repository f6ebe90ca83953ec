// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A part of an expression. {@code toString} gives its source as gofmt writes it. */
sealed interface Node {
  /** A name. */
  record Identifier(String name) implements Node {
    @Override
    public String toString() {
      return name;
    }
  }

  /** A constant: a BigInteger, Double, or String of bytes; of a rune if {@code rune}. */
  record Literal(String source, Object value, boolean rune) implements Node {
    @Override
    public String toString() {
      return source;
    }
  }

  /** A constant with an imaginary part only. */
  record Imaginary(String source, double value) implements Node {
    @Override
    public String toString() {
      return source;
    }
  }

  /** {@code x.name}. */
  record Selector(Node of, String name) implements Node {
    @Override
    public String toString() {
      return of + "." + name;
    }
  }

  /** {@code x[index]}. */
  record Index(Node of, Node index) implements Node {
    @Override
    public String toString() {
      return of + "[" + index + "]";
    }
  }

  /** {@code x[low:high]}. */
  record Slice(Node of, @Nullable Node low, @Nullable Node high) implements Node {
    @Override
    public String toString() {
      return of + "[" + (low == null ? "" : low) + ":" + (high == null ? "" : high) + "]";
    }
  }

  /** {@code x.(type)}; a type of null stands for {@code x.(data)}. */
  record Assertion(Node of, @Nullable Node type) implements Node {
    @Override
    public String toString() {
      return of + ".(" + (type == null ? "data" : type) + ")";
    }
  }

  /** {@code f(arguments)}. */
  record Call(Node function, List<Node> arguments) implements Node {
    @Override
    public String toString() {
      return function
          + "("
          + String.join(", ", arguments.stream().map(Node::toString).toList())
          + ")";
    }
  }

  /** {@code *x}. */
  record Star(Node of) implements Node {
    @Override
    public String toString() {
      return "*" + of;
    }
  }

  /** An operator before its operand. */
  record Unary(String operator, Node of) implements Node {
    @Override
    public String toString() {
      return operator + of;
    }
  }

  /** An operator between its operands. */
  record Binary(String operator, Node left, Node right) implements Node {
    @Override
    public String toString() {
      return left + " " + operator + " " + right;
    }
  }

  /** Something in parentheses. */
  record Parentheses(Node of) implements Node {
    @Override
    public String toString() {
      return "(" + of + ")";
    }
  }

  /** A type that is no name: its text in the compiler's way of writing. */
  record Type(String text) implements Node {
    @Override
    public String toString() {
      return text;
    }
  }

  /** {@code T{…}}. */
  record Composite(Node type, List<Node> elements) implements Node {
    @Override
    public String toString() {
      return type + "{…}";
    }
  }

  /** {@code key: value} of a composite literal. */
  record KeyValue(Node key, Node value) implements Node {
    @Override
    public String toString() {
      return key + ": " + value;
    }
  }

  /** The same without parentheses around it. */
  default Node bare() {
    Node node = this;
    while (node instanceof Parentheses p) {
      node = p.of;
    }
    return node;
  }
}
