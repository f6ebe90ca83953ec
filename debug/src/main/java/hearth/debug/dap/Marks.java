// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.json.Fields;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Location;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.target.UnreadableException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The breakpoints of a client, which tells all of a kind at once: those that it names no more go.
 * Their names in the session are the ones that Delve gives them. For the session's thread.
 */
final class Marks {
  static final String FUNCTION = "functionBreakpoint";
  static final String DATA = "dataBreakpoint";
  static final String INSTRUCTION = "instructionBreakpoint";
  private static final Pattern DATA_ID = Pattern.compile("(-?\\d{1,18}),(\\d{1,9}),(.*)");
  private final Session session;
  private final Configuration configuration;
  private final Map<Integer, LogMessage> messages = new HashMap<>();

  /** Sets a breakpoint. */
  @FunctionalInterface
  private interface Maker {
    Breakpoint make(Fields wanted, String name) throws SessionException;
  }

  /** Names a breakpoint. */
  @FunctionalInterface
  private interface Name {
    String of(Fields wanted);
  }

  Marks(Session session, Configuration configuration) {
    this.session = session;
    this.configuration = configuration;
  }

  /** What a log point tells, or null if a breakpoint is none. */
  @Nullable LogMessage message(Breakpoint b) {
    return messages.get(b.id());
  }

  JsonArray source(String path, List<Fields> wanted) {
    String prefix = "sourceBp Path=\"" + path + "\" ";
    String server = configuration.toServer(path);
    return set(
        prefix,
        wanted,
        w -> prefix + " Line=" + w.number("line") + " Column=" + w.number("column"),
        (w, name) -> line(server, w.smallNumber("line"), name));
  }

  private Breakpoint line(String file, int line, String name) throws SessionException {
    Location found;
    try {
      found = session.line(file, line);
    } catch (SessionException e) {
      if (session.followsChildren()) {
        return session.suspend(file + ":" + line, name); // it may be a child's
      }
      session.skipNumber(); // as Delve does
      throw e;
    }
    return session.create(found, name);
  }

  JsonArray functions(List<Fields> wanted) {
    return set(FUNCTION, wanted, w -> FUNCTION + " Name=" + w.string("name"), this::function);
  }

  private Breakpoint function(Fields wanted, String name) throws SessionException {
    Location found;
    try {
      found = function(wanted);
    } catch (SessionException e) {
      if (session.followsChildren()) {
        return session.suspend(wanted.string("name"), name);
      }
      throw e;
    }
    return session.create(found, name);
  }

  private Location function(Fields wanted) throws SessionException {
    String name = wanted.string("name");
    if (name.isEmpty() || name.matches("[+\\-*/\\d].*")) {
      throw new SessionException(
          "breakpoint name \""
              + name
              + "\" could not be parsed as a function. name must be in the format 'funcName',"
              + " 'funcName:line' or 'fileName:line'");
    }
    if (name.startsWith(".")) {
      throw new SessionException("breakpoint names that are relative paths are not supported");
    }
    Scope scope = session.scopeOrNone(-1, 0);
    return session.find(name, scope, Map.of()).getFirst();
  }

  JsonArray instructions(List<Fields> wanted) {
    return set(
        INSTRUCTION,
        wanted,
        w -> INSTRUCTION + " PC=" + w.string("instructionReference"),
        (w, name) -> {
          String text = w.string("instructionReference");
          try {
            long address = Long.decode(text) + w.number("offset");
            return session.create(session.at(List.of(address)), name);
          } catch (NumberFormatException e) {
            throw new SessionException(
                "strconv.ParseInt: parsing \"" + text + "\": invalid syntax");
          }
        });
  }

  /** Watchpoints; what each watches is in the identifier that {@link Values#watchable} gave. */
  JsonArray data(List<Fields> wanted) {
    return set(DATA, wanted, w -> DATA + " " + w.string("dataId"), this::watch);
  }

  private Breakpoint watch(Fields wanted, String name) throws SessionException {
    String id = wanted.string("dataId");
    Matcher parts = DATA_ID.matcher(id);
    if (!parts.matches()) {
      throw new SessionException("malformed data ID: \"" + id + "\"");
    }
    String access = wanted.string("accessType");
    boolean reads = access.equals("read") || access.equals("readWrite");
    boolean writes = access.equals("write") || access.equals("readWrite");
    if (!reads && !writes) {
      throw new SessionException("unknown access type: \"" + access + "\"");
    }
    Scope scope = session.scope(Long.parseLong(parts.group(1)), Integer.parseInt(parts.group(2)));
    Breakpoint made = session.watch(scope, parts.group(3), reads, writes);
    made.setName(name);
    return made;
  }

  private JsonArray set(String prefix, List<Fields> wanted, Name namer, Maker maker) {
    Map<String, Breakpoint> known = new LinkedHashMap<>();
    for (Breakpoint b : session.breakpoints()) {
      if (b.id() > 0 && b.name().startsWith(prefix)) {
        known.put(b.name(), b);
      }
    }
    Map<String, Breakpoint> gone = new LinkedHashMap<>(known);
    wanted.forEach(w -> gone.remove(namer.of(w)));
    gone.values()
        .forEach(b -> {
          messages.remove(b.id());
          session.clear(b);
        });
    Map<String, Boolean> done = new HashMap<>();
    JsonArray result = new JsonArray();
    for (Fields w : wanted) {
      String name = namer.of(w);
      Breakpoint b = known.get(name);
      String error = null;
      try {
        if (done.put(name, true) != null) {
          b = null;
          throw new SessionException("breakpoint already exists");
        }
        if (b == null) {
          b = maker.make(w, name);
        } else if (!b.isEnabled() && !b.isSuspended()) {
          session.toggle(b);
        }
        amend(b, w);
        error = b.isSuspended() ? "no child has run this code yet" : null;
      } catch (SessionException | EvalException | UnreadableException e) {
        error = String.valueOf(e.getMessage());
      }
      result.add(told(b, error));
    }
    return result;
  }

  private void amend(Breakpoint b, Fields wanted) throws SessionException {
    String condition = wanted.string("condition");
    String hits = wanted.string("hitCondition");
    b.setCondition(condition.isEmpty() ? null : CompiledExpression.of(condition));
    b.setHitCondition(hits.isEmpty() ? null : Breakpoint.HitCondition.of(hits, false));
    LogMessage message = LogMessage.of(wanted.string("logMessage"));
    b.setTracepoint(message != null);
    if (message == null) {
      messages.remove(b.id());
    } else {
      messages.put(b.id(), message);
    }
  }

  /** Switches the session's own breakpoints on and off, by their names. */
  JsonArray exceptions(List<String> filters) throws SessionException {
    JsonArray result = new JsonArray();
    for (Breakpoint b : session.breakpoints().reversed()) {
      if (b.id() < 0) {
        if (filters.contains(b.name()) != b.isEnabled()) {
          session.toggle(b);
        }
        if (b.isEnabled()) {
          result.add(told(b, null));
        }
      }
    }
    return result;
  }

  JsonObject told(@Nullable Breakpoint b, @Nullable String error) {
    JsonObject o = new JsonObject();
    if (b != null) {
      o.addProperty("id", b.id());
    }
    o.addProperty("verified", error == null);
    if (error != null) {
      o.addProperty("message", error);
    }
    if (b != null && !b.location().file().isEmpty()) {
      o.add("source", source(configuration.toClient(b.location().file())));
      o.addProperty("line", b.location().line());
    }
    return o;
  }

  /** A source file. */
  static JsonObject source(String path) {
    JsonObject o = new JsonObject();
    Path name = Path.of(path).getFileName();
    o.addProperty("name", name == null ? path : name.toString());
    o.addProperty("path", path);
    return o;
  }
}
