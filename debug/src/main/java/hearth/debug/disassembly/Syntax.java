// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.disassembly;

import hearth.debug.disassembly.Operand.Bank;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How instructions are written. */
public enum Syntax {
  /** As in Intel's manuals. */
  INTEL {
    @Override
    String known(Decoded d, Symbols symbols) {
      List<String> words = new ArrayList<>();
      for (String prefix : d.prefixes()) {
        if (!prefix.equals("cs")) {
          words.add(prefix);
        }
      }
      List<String> operands = new ArrayList<>();
      for (Operand o : d.operands()) {
        operands.add(intel(d, o, symbols));
      }
      if (d.name().equals("nop") && !operands.isEmpty()) {
        operands.add(d.dataSize() == 16 ? "ax" : "eax");
      }
      words.add(d.name().replace('_', ' ').replace("cmpsd xmm", "cmpsd_xmm"));
      if (!operands.isEmpty()) {
        words.add(String.join(", ", operands));
      }
      return String.join(" ", words);
    }
  },
  /** As Go's assembler reads it. */
  GO {
    @Override
    String known(Decoded d, Symbols symbols) {
      StringBuilder text = new StringBuilder();
      for (String prefix : d.prefixes()) {
        switch (prefix) {
          case "rep" -> text.append("REP; ");
          case "repne", "bnd" -> text.append("REPNE; ");
          case "lock" -> text.append("LOCK ");
          case "cs" -> text.append("CS ");
          default -> {}
        }
      }
      List<Operand> all = withAccumulator(d);
      List<String> operands = new ArrayList<>();
      for (Operand o : d.name().equals("cmp") ? all : all.reversed()) {
        operands.add(go(o, d, symbols));
      }
      if (d.name().equals("int3")) {
        return text.append("INT $0x3").toString();
      }
      text.append(goName(d));
      if (!operands.isEmpty()) {
        text.append(' ').append(String.join(", ", operands));
      }
      return text.toString();
    }
  };

  /** Names of places of a program. */
  @FunctionalInterface
  public interface Symbols {
    /** The symbol that an address belongs to, or null. */
    @Nullable Symbol at(long address);
  }

  /** A name and the address that it stands for. */
  public record Symbol(String name, long address) {}

  private static final String[] NAMES = {
    "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "8", "9", "10", "11", "12", "13", "14", "15"
  };
  private static final String[] HIGH = {"ah", "ch", "dh", "bh"};
  private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs", "?", "?"};
  private static final Set<String> SIZED =
      Set.of(
          "adc",
          "add",
          "and",
          "bsf",
          "bsr",
          "bt",
          "btc",
          "btr",
          "bts",
          "cmp",
          "cmpxchg",
          "cvtsi2sd",
          "cvtsi2ss",
          "cvtsd2si",
          "cvtss2si",
          "cvttsd2si",
          "cvttss2si",
          "dec",
          "div",
          "idiv",
          "imul",
          "in",
          "inc",
          "lea",
          "mov",
          "movnti",
          "mul",
          "neg",
          "nop",
          "not",
          "or",
          "out",
          "pop",
          "popcnt",
          "push",
          "rcl",
          "rcr",
          "rol",
          "ror",
          "sar",
          "sbb",
          "shl",
          "shld",
          "shr",
          "shrd",
          "sub",
          "test",
          "xadd",
          "xchg",
          "xor");

  /** An instruction as text; {@code ?} if it is not known. */
  public String text(Decoded instruction, Symbols symbols) {
    return instruction.name().isEmpty() ? "?" : known(instruction, symbols);
  }

  abstract String known(Decoded instruction, Symbols symbols);

  private static String hex(long value) {
    return value < 0 && (int) value == value
        ? "-0x" + Long.toHexString(-value)
        : "0x" + Long.toHexString(value);
  }

  private static String register(Operand.Register r) {
    int n = r.number();
    return switch (r.bank()) {
      case HIGH_BYTE -> HIGH[n - 4];
      case GENERAL -> {
        String name = NAMES[n];
        yield switch (r.size()) {
          case 1 -> n >= 8 ? "r" + name + "b" : n < 4 ? name.charAt(0) + "l" : name + "l";
          case 2 -> n >= 8 ? "r" + name + "w" : name;
          case 4 -> n >= 8 ? "r" + name + "d" : "e" + name;
          default -> "r" + name;
        };
      }
      case MMX -> "mmx" + n;
      case VECTOR -> (r.size() == 32 ? "ymm" : "xmm") + n;
      case SEGMENT -> SEGMENTS[n];
      case STACK -> "st" + n;
    };
  }

  private static String general(int number) {
    return number == Operand.PC ? "rip" : register(new Operand.Register(Bank.GENERAL, number, 8));
  }

  private static @Nullable Symbol symbol(Operand.Place p, Decoded d, Symbols symbols) {
    boolean absolute = p.base() < 0 || p.base() == Operand.PC;
    if (p.segment() >= 0 || p.displacement() == 0 || p.index() >= 0 || !absolute) {
      return null;
    }
    return symbols.at(addressOf(p, d));
  }

  private static long addressOf(Operand.Place p, Decoded d) {
    return p.base() == Operand.PC
        ? (int) p.displacement() + d.pc() + d.bytes().length
        : p.displacement();
  }

  private static String plus(Symbol symbol, long address) {
    return address == symbol.address() ? "" : String.format("%+d", address - symbol.address());
  }

  private static String intel(Decoded d, Operand operand, Symbols symbols) {
    return switch (operand) {
      case Operand.Register r -> register(r);
      case Operand.Immediate i -> {
        boolean address = d.dataSize() == 32 && (d.name().equals("mov") || d.name().equals("push"));
        Symbol symbol = address ? symbols.at(i.value()) : null;
        yield symbol == null
            ? hex(d.name().equals("push") ? i.value() & 0xffffffffL : i.value())
            : "$" + symbol.name() + plus(symbol, i.value());
      }
      case Operand.Target t -> {
        Symbol symbol = symbols.at(t.address());
        yield symbol != null && symbol.address() == t.address()
            ? symbol.name()
            : "0x" + Long.toHexString(t.address());
      }
      case Operand.Place p -> {
        String size =
            switch (p.size()) {
              case 1 -> "byte ";
              case 2 -> "word ";
              case 4 -> "dword ";
              case 8 -> "qword ";
              case 16 -> "xmmword ";
              case 32 -> "ymmword ";
              case 64 -> "zmmword ";
              default -> "";
            };
        Symbol symbol = symbol(p, d, symbols);
        yield symbol == null
            ? size + "ptr " + place(p)
            : size + "ptr [" + symbol.name() + plus(symbol, addressOf(p, d)) + "]";
      }
    };
  }

  private static String place(Operand.Place p) {
    StringBuilder text = new StringBuilder();
    if (p.segment() >= 0) {
      text.append(SEGMENTS[p.segment()]).append(':');
    }
    text.append('[');
    if (p.base() >= 0) {
      text.append(general(p.base()));
    }
    if (p.index() >= 0) {
      text.append(p.base() >= 0 ? "+" : "");
      text.append(p.scale() == 1 ? "" : p.scale() + "*").append(general(p.index()));
    }
    if (p.displacement() != 0) {
      boolean alone = p.base() < 0 && p.index() < 0;
      if (alone) {
        text.append("0x").append(Long.toHexString(p.displacement()));
      } else {
        text.append(p.displacement() < 0 ? "" : "+").append(hex(p.displacement()));
      }
    }
    return text.append(']').toString();
  }

  // Go

  private static List<Operand> withAccumulator(Decoded d) {
    String name = d.name();
    if (!name.matches("(stos|lods|scas)[bwdq]")) {
      return d.operands();
    }
    int size = "bwdq".indexOf(name.charAt(4));
    Operand accumulator = new Operand.Register(Bank.GENERAL, 0, 1 << size);
    return name.startsWith("stos")
        ? List.of(d.operands().getFirst(), accumulator)
        : List.of(accumulator, d.operands().getFirst());
  }

  private static String goName(Decoded d) {
    String name = d.name();
    if (SIZED.contains(name)) {
      return name.toUpperCase(Locale.ROOT) + suffix(d);
    }
    for (String start : List.of("j", "set", "cmov")) {
      if (name.startsWith(start) && !name.startsWith("jmp") && !name.equals("jrcxz")) {
        String condition =
            switch (name.substring(start.length())) {
              case "nb" -> "ae";
              case "nbe" -> "a";
              case "nl" -> "ge";
              case "nz" -> "ne";
              case "nle" -> "g";
              case "z" -> "e";
              default -> name.substring(start.length());
            };
        return (start + condition).toUpperCase(Locale.ROOT);
      }
    }
    boolean vector = d.operands().stream().anyMatch(Syntax::isVector);
    return switch (name) {
      case "movsd" -> vector ? "MOVSD_XMM" : "MOVSD";
      case "int1" -> "ICEBP";
      case "xlat" -> "XLATB";
      case "ret_far" -> "LRET";
      default -> name.toUpperCase(Locale.ROOT);
    };
  }

  private static boolean isVector(Operand operand) {
    return operand instanceof Operand.Register r && r.bank() == Bank.VECTOR;
  }

  private static String suffix(Decoded d) {
    int bits = d.dataSize();
    boolean found = false;
    for (Operand o : d.operands()) {
      if (o instanceof Operand.Place p && p.size() > 0) {
        bits = 8 * p.size();
        found = true;
      }
    }
    boolean single = d.operands().size() == 1;
    if (!found
        && single
        && d.operands().getFirst() instanceof Operand.Register r
        && r.bank() == Bank.GENERAL
        && r.size() == 8) {
      bits = 64;
    }
    return switch (bits) {
      case 8 -> "B";
      case 16 -> "W";
      case 32 -> "L";
      case 64 -> "Q";
      default -> "";
    };
  }

  private static String goRegister(Operand.Register r) {
    int n = r.number();
    return switch (r.bank()) {
      case HIGH_BYTE -> HIGH[n - 4].toUpperCase(Locale.ROOT);
      case GENERAL -> {
        if (r.size() == 1 && n < 4) {
          yield register(r).toUpperCase(Locale.ROOT);
        }
        yield n >= 8 ? "R" + n : NAMES[n].toUpperCase(Locale.ROOT);
      }
      case MMX -> "M" + n;
      case VECTOR -> (r.size() == 32 ? "Y" : "X") + n;
      case SEGMENT -> SEGMENTS[n].toUpperCase(Locale.ROOT);
      case STACK -> "F" + n;
    };
  }

  private static String go(Operand operand, Decoded d, Symbols symbols) {
    return switch (operand) {
      case Operand.Register r -> goRegister(r);
      case Operand.Immediate i -> {
        boolean address = d.dataSize() == 32 && (d.name().equals("mov") || d.name().equals("push"));
        Symbol symbol = address ? symbols.at(i.value()) : null;
        yield symbol == null
            ? "$" + hex(i.value())
            : "$" + symbol.name() + plus(symbol, i.value()) + "(SB)";
      }
      case Operand.Target t -> {
        Symbol symbol = symbols.at(t.address());
        yield symbol != null && symbol.address() == t.address()
            ? symbol.name() + "(SB)"
            : "0x" + Long.toHexString(t.address());
      }
      case Operand.Place p -> {
        Symbol symbol = symbol(p, d, symbols);
        if (symbol != null) {
          yield symbol.name() + plus(symbol, addressOf(p, d)) + "(SB)";
        }
        StringBuilder text = new StringBuilder();
        boolean string =
            d.name().matches("(movs|cmps|stos|lods|scas)[bwdq]")
                && d.operands().stream().noneMatch(Syntax::isVector);
        if (p.segment() >= 0) {
          text.append(SEGMENTS[p.segment()].toUpperCase(Locale.ROOT)).append(':');
        } else if (string) {
          text.append(p.base() == 7 ? "ES:" : "DS:");
        }
        text.append(p.displacement() == 0 ? "0" : hex(p.displacement()));
        if (p.base() >= 0) {
          String base =
              p.base() == Operand.PC
                  ? "IP"
                  : goRegister(new Operand.Register(Bank.GENERAL, p.base(), 8));
          text.append('(').append(base).append(')');
        }
        if (p.index() >= 0) {
          String index = goRegister(new Operand.Register(Bank.GENERAL, p.index(), 8));
          text.append('(').append(index).append('*').append(p.scale()).append(')');
        }
        yield text.toString();
      }
    };
  }
}
