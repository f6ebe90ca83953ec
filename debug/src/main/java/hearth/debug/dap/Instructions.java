// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import hearth.debug.disassembly.Syntax;
import hearth.debug.index.Function;
import hearth.debug.json.Fields;
import hearth.debug.session.Disassembly;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Machine code as clients show it: so many instructions before and after an address. */
final class Instructions {
  private static final int MAX = 1 << 14;
  private static final int MAX_FILLING = 64;
  private static final String INVALID = "invalid instruction";
  private final Session session;
  private final Configuration configuration;

  Instructions(Session session, Configuration configuration) {
    this.session = session;
    this.configuration = configuration;
  }

  /** The answer to a request; for the session's thread. */
  JsonObject of(Fields fields) throws SessionException {
    String reference = fields.string("memoryReference");
    long address;
    try {
      address = Long.decode(reference) + fields.number("offset");
    } catch (NumberFormatException e) {
      throw new SessionException(
          "strconv.ParseUint: parsing \"" + reference + "\": invalid syntax");
    }
    int first = Math.clamp(fields.number("instructionOffset"), -MAX, MAX);
    int count = Math.clamp(fields.number("instructionCount"), 0, MAX);
    JsonArray list = address == 0 ? new JsonArray() : around(address, first, count);
    for (int i = list.size(); i < count; i++) {
      list.add(invalid(address == 0 ? reference : "0xffffffffffffffff"));
    }
    JsonObject body = new JsonObject();
    body.add("instructions", list);
    return body;
  }

  private JsonArray around(long address, int first, int count) throws SessionException {
    List<Function> functions = session.program().functions();
    Function at = session.process().functionAt(address);
    int index = at == null ? -1 : functions.indexOf(at);
    if (index < 0) {
      throw new SessionException("could not find memory reference");
    }
    List<Disassembly.Line> lines = new ArrayList<>(lines(functions, index));
    int reference = find(lines, address);
    int low = index;
    while (reference + first < 0 && low > 0) {
      List<Disassembly.Line> more = lines(functions, --low);
      lines.addAll(0, more);
      reference += more.size();
    }
    int high = index;
    while (lines.size() < reference + first + count && high + 1 < functions.size()) {
      lines.addAll(lines(functions, ++high));
    }
    JsonArray list = new JsonArray();
    Disassembly disassembly = new Disassembly(session);
    String lastFile = "";
    int lastLine = -1;
    for (int i = reference + first; i < Math.min(reference + first + count, lines.size()); i++) {
      if (i < 0) {
        list.add(invalid("0x0"));
        continue;
      }
      Disassembly.Line line = lines.get(i);
      JsonObject o = new JsonObject();
      o.addProperty("address", "0x" + Long.toHexString(line.instruction().pc()));
      o.addProperty("instructionBytes", HexFormat.of().formatHex(line.instruction().bytes()));
      o.addProperty("instruction", disassembly.text(line, Syntax.GO));
      if (!line.file().equals(lastFile) || line.line() != lastLine) {
        o.add("location", Marks.source(configuration.toClient(line.file())));
        o.addProperty("line", line.line());
        lastFile = line.file();
        lastLine = line.line();
      }
      list.add(o);
    }
    return list;
  }

  /** A function's instructions, with what fills the space up to the next function. */
  private List<Disassembly.Line> lines(List<Function> functions, int index)
      throws SessionException {
    Function function = functions.get(index);
    long next = index + 1 < functions.size() ? functions.get(index + 1).low() : function.high();
    long end = Math.clamp(next, function.high(), function.high() + MAX_FILLING);
    long bias = session.process().bias();
    return new Disassembly(session).range(function.low() + bias, end + bias, -1);
  }

  private static int find(List<Disassembly.Line> lines, long address) throws SessionException {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).instruction().pc() == address) {
        return i;
      }
    }
    throw new SessionException("could not find memory reference");
  }

  private static JsonObject invalid(String address) {
    JsonObject o = new JsonObject();
    o.addProperty("address", address);
    o.addProperty("instruction", INVALID);
    return o;
  }
}
