// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import hearth.debug.eval.EvalException;
import hearth.debug.json.BadFieldException;
import hearth.debug.json.Fields;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.target.UnreadableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * One client of the Debug Adapter Protocol. It begins a session, or joins one that a server has.
 * Requests are answered one after the other; the program runs on a thread of its own meanwhile.
 */
public final class AdapterConnection {
  private static final int UNSUPPORTED = 9999;
  private static final int INTERNAL = 8888;
  private static final int RUNNING = 4000;
  private static final int DISCONNECT = 5000;
  private static final int LAUNCH = 3000;
  private static final int ATTACH = 3001;
  private static final int INITIALIZE = 3002;

  /** Requests that need no session. */
  private static final Set<String> BEFORE =
      Set.of("initialize", "launch", "attach", "disconnect", "terminate", "cancel");

  private final Channel channel;
  private final @Nullable Session shared;
  private final boolean severalClients;
  private final Runnable ended;
  private final Start start;
  private final Configuration configuration = new Configuration();
  private @Nullable Debuggee debuggee;
  private boolean types;
  private boolean paging;
  private boolean memoryReferences;
  private boolean invalidated;
  private boolean finished;

  /** A connection whose client begins the session. */
  public AdapterConnection(InputStream in, OutputStream out) {
    this(in, out, null, false, () -> {});
  }

  /**
   * A connection to a session that there is.
   *
   * @param severalClients whether the session goes on without this client
   * @param ended told when the client ended the session
   */
  public AdapterConnection(
      InputStream in,
      OutputStream out,
      @Nullable Session shared,
      boolean severalClients,
      Runnable ended) {
    channel = new Channel(in, out);
    this.shared = shared;
    this.severalClients = severalClients;
    this.ended = ended;
    start = new Start(channel);
  }

  /** Answers until the client leaves. */
  public void serve() {
    Thread hook = new Thread(this::close);
    if (shared == null) {
      Runtime.getRuntime().addShutdownHook(hook);
    }
    try {
      while (!finished) {
        JsonObject request = channel.read();
        if (request == null) {
          break;
        }
        handle(request);
      }
    } catch (IOException e) {
      // What it sent is no message: there is nothing to answer.
    }
    close();
    if (!severalClients) {
      ended.run();
    }
  }

  private void close() {
    Debuggee known = debuggee;
    if (known != null) {
      known.leave();
      if (shared == null) {
        try {
          known.end(null);
        } catch (SessionException e) {
          // It is gone already.
        }
      }
    }
    start.clean();
  }

  private void handle(JsonObject request) {
    JsonElement named = request.get("command");
    String command = named == null ? "" : named.getAsString();
    JsonElement given = request.get("arguments");
    JsonObject arguments =
        given != null && given.isJsonObject() ? given.getAsJsonObject() : new JsonObject();
    Fields fields = new Fields(arguments);
    try {
      if (BEFORE.contains(command)) {
        before(command, request, fields);
        return;
      }
      Debuggee known = debuggee;
      if (known == null) {
        channel.refuse(
            request, LAUNCH, "No debug session started", "launch or attach first", false);
        return;
      }
      dispatch(known, command, request, fields);
    } catch (Refusal e) {
      channel.refuse(request, e.id, e.summary, String.valueOf(e.getMessage()), e.show);
    } catch (BadFieldException
        | SessionException
        | EvalException
        | UnreadableException
        | IllegalStateException e) {
      channel.refuse(request, INTERNAL, "Internal Error", String.valueOf(e.getMessage()), false);
    } catch (RuntimeException e) {
      channel.refuse(request, INTERNAL, "Internal Error", String.valueOf(e), false);
    }
  }

  // What needs no session

  private void before(String command, JsonObject request, Fields fields)
      throws SessionException, Refusal {
    switch (command) {
      case "initialize" -> initialize(request, fields);
      case "launch" -> launch(request, fields);
      case "attach" -> attach(request, fields);
      case "terminate" -> terminate(request);
      case "cancel" -> channel.answer(request, null); // nothing is left to cancel by then
      default -> disconnect(request, fields);
    }
  }

  private void initialize(JsonObject request, Fields fields) throws Refusal {
    if (fields.has("pathFormat") && !fields.string("pathFormat").equals("path")) {
      throw new Refusal(
          INITIALIZE,
          "Failed to initialize",
          "Unsupported 'pathFormat' value '" + fields.string("pathFormat") + "'.");
    }
    for (String what : List.of("line", "column")) {
      String flag = what + "sStartAt1";
      if (fields.has(flag) && !fields.truth(flag)) {
        throw new Refusal(
            INITIALIZE, "Failed to initialize", "Only 1-based " + what + " numbers are supported.");
      }
    }
    types = fields.truth("supportsVariableType");
    paging = fields.truth("supportsVariablePaging");
    memoryReferences = fields.truth("supportsMemoryReferences");
    invalidated = fields.truth("supportsInvalidatedEvent");
    JsonObject body = new JsonObject();
    for (String can :
        List.of(
            "supportsConfigurationDoneRequest",
            "supportsConditionalBreakpoints",
            "supportsHitConditionalBreakpoints",
            "supportsDelayedStackTraceLoading",
            "supportsFunctionBreakpoints",
            "supportsDataBreakpoints",
            "supportsDisassembleRequest",
            "supportsGotoTargetsRequest",
            "supportsStepInTargetsRequest",
            "supportsInstructionBreakpoints",
            "supportsExceptionInfoRequest",
            "supportsSetVariable",
            "supportsSetExpression",
            "supportsEvaluateForHovers",
            "supportsClipboardContext",
            "supportsSteppingGranularity",
            "supportsLogPoints",
            "supportsRestartRequest",
            "supportsTerminateRequest",
            "supportsReadMemoryRequest",
            "supportsWriteMemoryRequest",
            "supportsLoadedSourcesRequest",
            "supportsModulesRequest",
            "supportsCompletionsRequest",
            "supportsBreakpointLocationsRequest",
            "supportsCancelRequest")) {
      body.addProperty(can, true);
    }
    JsonArray filters = new JsonArray();
    filters.add(filter("unrecovered-panic", "Unrecovered Panics"));
    filters.add(filter("runtime-fatal-throw", "Fatal Throws"));
    body.add("exceptionBreakpointFilters", filters);
    channel.answer(request, body);
  }

  private static JsonObject filter(String name, String label) {
    JsonObject o = new JsonObject();
    o.addProperty("filter", name);
    o.addProperty("label", label);
    o.addProperty("default", true);
    return o;
  }

  private void launch(JsonObject request, Fields fields) throws Refusal {
    if (debuggee != null || shared != null) {
      throw new Refusal(
          LAUNCH,
          "Failed to launch",
          "debug session already in progress - use remote attach mode to connect to a server with"
              + " an active debug session",
          true);
    }
    try {
      configuration.read(fields);
      if (fields.truth("noDebug")) {
        start.runAlone(fields, this::finish);
        channel.answer(request, null);
        return;
      }
      Session session = start.launch(fields);
      started(session, "launch");
    } catch (BadFieldException e) {
      throw new Refusal(
          LAUNCH, "Failed to launch", "invalid debug configuration - " + e.getMessage(), true);
    } catch (SessionException e) {
      start.clean();
      throw new Refusal(LAUNCH, "Failed to launch", String.valueOf(e.getMessage()), true);
    }
    channel.event("initialized", null);
    channel.answer(request, null);
    warn();
  }

  private void finish() {
    channel.event("terminated", null);
  }

  private void attach(JsonObject request, Fields fields) throws Refusal {
    String mode = fields.string("mode");
    try {
      configuration.read(fields);
      switch (mode) {
        case "", "local" -> {
          if (debuggee != null || shared != null) {
            throw new SessionException(
                "debug session already in progress - use remote mode to connect to a server with"
                    + " an active debug session");
          }
          started(start.attach(fields), "attach");
          canTerminate();
        }
        case "remote" -> {
          Session known = shared;
          if (known == null) {
            throw new SessionException("no debugger found");
          }
          known.halt();
          known.state();
          started(known, "attach");
          if (severalClients || !known.isChild()) {
            canTerminate();
          }
        }
        default -> throw new BadFieldException("unsupported 'mode' attribute \"" + mode + "\"");
      }
    } catch (BadFieldException e) {
      throw new Refusal(
          ATTACH, "Failed to attach", "invalid debug configuration - " + e.getMessage(), true);
    } catch (SessionException e) {
      throw new Refusal(ATTACH, "Failed to attach", String.valueOf(e.getMessage()), true);
    }
    channel.event("initialized", null);
    channel.answer(request, null);
    warn();
  }

  private void canTerminate() {
    JsonObject capabilities = new JsonObject();
    capabilities.addProperty("supportTerminateDebuggee", true);
    JsonObject body = new JsonObject();
    body.add("capabilities", capabilities);
    channel.event("capabilities", body);
  }

  private void started(Session session, String how) throws SessionException {
    Debuggee made = new Debuggee(session, channel, configuration);
    made.values.types = types;
    made.values.paging = paging;
    made.values.memoryReferences = memoryReferences;
    made.invalidated = invalidated;
    debuggee = made;
    JsonObject body = new JsonObject();
    body.addProperty("name", session.run(session::commandLine));
    body.addProperty("systemProcessId", session.target().pid());
    body.addProperty("isLocalProcess", true);
    body.addProperty("startMethod", how);
    body.addProperty("pointerSize", 64);
    channel.event("process", body);
    if (configuration.followExec) {
      follow(session);
    }
  }

  private void follow(Session session) throws SessionException {
    try {
      Pattern wanted = Pattern.compile(configuration.followExecRegex);
      session.run(() -> {
        session.followChildren(wanted);
        return true;
      });
    } catch (PatternSyntaxException e) {
      channel.output(
          "important",
          "Failed to enable follow exec: error parsing regexp: " + e.getDescription() + "\n");
    }
  }

  private void warn() {
    Debuggee known = debuggee;
    boolean trimmed =
        known != null
            && known
                .session
                .program()
                .buildInfo()
                .map(b -> b.settings().contains("-trimpath=true"))
                .orElse(false);
    if (trimmed) {
      channel.output("important", "Warning: debugging executable built with trimpath");
    }
  }

  private void terminate(JsonObject request) throws SessionException {
    Debuggee known = debuggee;
    channel.answer(request, null);
    if (known == null) {
      start.clean();
      channel.event("terminated", null);
      return;
    }
    known.end(true);
    channel.event("terminated", null);
    if (shared != null) {
      ended.run();
    }
  }

  private void disconnect(JsonObject request, Fields fields) throws Refusal {
    Debuggee known = debuggee;
    boolean terminate = fields.truth("terminateDebuggee");
    finished = true;
    if (known != null && severalClients && !terminate) {
      known.leave();
      channel.output(
          "console",
          "Closing client session, but leaving multi-client DAP server with debuggee "
              + (known.isRunning() ? "running" : "halted")
              + "\n");
      channel.answer(request, null);
      channel.event("terminated", null);
      return;
    }
    try {
      if (known != null) {
        known.end(fields.has("terminateDebuggee") ? terminate : null);
      }
      start.clean();
    } catch (SessionException e) {
      throw new Refusal(DISCONNECT, "Error while disconnecting", String.valueOf(e.getMessage()));
    }
    channel.answer(request, null);
    channel.event("terminated", null);
    if (shared != null) {
      ended.run();
    }
  }

  // What needs one

  private void dispatch(Debuggee known, String command, JsonObject request, Fields fields)
      throws SessionException, Refusal {
    switch (command) {
      case "pause" -> {
        known.pause();
        channel.answer(request, null);
        return;
      }
      case "restart" -> {
        channel.answer(request, null);
        known.restart(start, fields.object("arguments"));
        return;
      }
      case "setBreakpoints",
          "setFunctionBreakpoints",
          "setInstructionBreakpoints",
          "setExceptionBreakpoints" -> {
        channel.answer(request, known.setBreakpoints(command, fields));
        return;
      }
      case "threads" -> {
        channel.answer(request, known.threads());
        return;
      }
      case "setDataBreakpoints", "dataBreakpointInfo" -> {
        if (known.isRunning()) {
          throw new Refusal(
              2002,
              "Unable to set or clear breakpoints",
              "Can not set data breakpoints while the process is running");
        }
        channel.answer(
            request,
            command.equals("setDataBreakpoints")
                ? known.setBreakpoints(command, fields)
                : known.dataBreakpointInfo(fields));
        return;
      }
      default -> {}
    }
    if (known.isRunning()) {
      throw new Refusal(RUNNING, "Unable to process `" + command + "`", "debuggee is running");
    }
    switch (command) {
      case "configurationDone" -> {
        known.configured(() -> channel.answer(request, null));
      }
      case "continue" -> {
        JsonObject body = new JsonObject();
        body.addProperty("allThreadsContinued", true);
        known.resume(() -> channel.answer(request, body));
      }
      case "next", "stepIn", "stepOut" ->
          known.step(command, fields, () -> channel.answer(request, null));
      case "stackTrace" -> channel.answer(request, known.stackTrace(fields));
      case "scopes" -> channel.answer(request, known.scopes(fields));
      case "variables" -> channel.answer(request, known.variables(fields));
      case "evaluate" -> channel.answer(request, known.evaluate(fields));
      case "setVariable" -> {
        channel.answer(request, known.setVariable(fields));
        known.changed();
      }
      case "setExpression" -> {
        channel.answer(request, known.setExpression(fields));
        known.changed();
      }
      case "exceptionInfo" -> channel.answer(request, known.exceptionInfo(fields));
      case "readMemory" -> channel.answer(request, known.readMemory(fields));
      case "writeMemory" -> {
        channel.answer(request, known.writeMemory(fields));
        known.changed();
      }
      case "stepInTargets" -> channel.answer(request, known.stepInTargets(fields));
      case "gotoTargets" -> channel.answer(request, known.gotoTargets(fields));
      case "goto" -> known.goOnAt(fields, () -> channel.answer(request, null));
      case "disassemble" -> channel.answer(request, known.disassemble(fields));
      case "loadedSources" -> channel.answer(request, known.loadedSources());
      case "modules" -> channel.answer(request, known.modules());
      case "completions" -> channel.answer(request, known.completions(fields));
      case "breakpointLocations" -> channel.answer(request, known.breakpointLocations(fields));
      default ->
          throw new Refusal(
              UNSUPPORTED, "Unsupported command", "cannot process \"" + command + "\" request");
    }
  }
}
