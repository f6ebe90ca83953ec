// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
// client.js SERVER-PORT BINARY SOURCE: drives a debug adapter through what an editor does, by the client that the
// protocol's authors publish for tests, and prints what it was told.
'use strict';
const { DebugClient } = require('@vscode/debugadapter-testsupport');
const [port, binary, source] = process.argv.slice(2);

const show = (what, value) => console.log(what + ' ' + JSON.stringify(value, sorted));
const sorted = (key, value) =>
  value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

async function main() {
  const client = new DebugClient('', '', 'go');
  await client.start(Number(port));
  client.defaultTimeout = 20000;
  let waiting = null;
  let seen = [];
  client.on('stopped', e => { if (waiting) { const w = waiting; waiting = null; w(e.body); } else seen.push(e.body); });
  client.on('output', e => { if (e.body.category !== 'stderr') show('output', { ...e.body, source: e.body.source && e.body.source.path }); });
  client.on('terminated', () => show('event', 'terminated'));
  client.on('exited', e => show('exited', e.body));
  const stop = () => seen.length ? Promise.resolve(seen.shift()) : new Promise(r => { waiting = r; });
  const initialized = () => new Promise(r => client.once('initialized', r));
  const request = async (command, args) => {
    try {
      const answer = await client.send(command, args);
      return answer.body;
    } catch (e) {
      return { error: e.message, body: e.response && e.response.body };
    }
  };
  const ask = async (command, args) => show(command + ' ' + JSON.stringify(args), await request(command, args));

  const capabilities = (await client.initializeRequest({
    adapterID: 'go', clientID: 'test', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true,
    supportsVariableType: true, supportsVariablePaging: process.env.PAGING === '1', supportsInvalidatedEvent: false,
  })).body;
  show('filters', capabilities.exceptionBreakpointFilters);
  await ask('threads', {});
  const args = process.env.ARGS ? process.env.ARGS.split(' ') : [];
  const ready = initialized();
  const launched = request('launch', {
    mode: 'exec', program: binary, args, stopOnEntry: false, showGlobalVariables: true, hideSystemGoroutines: true,
  });
  await ready;
  await launched;
  const lines = text => require('fs').readFileSync(source, 'utf8').split('\n').findIndex(l => l.includes(text)) + 1;
  const configure = async () => {
    await ask('setBreakpoints', { source: { path: source }, breakpoints: [
      { line: lines('c := a + b'), condition: 'a == 3' },
      { line: lines('total += c'), logMessage: 'a is {a}, c is {c}, {nosuch}' },
      { line: lines('total += s.area()') },
      { line: 3 },
    ] });
    await ask('setFunctionBreakpoints', { breakpoints: [{ name: 'main.deep', condition: 'n == 1' }, { name: 'nosuch' }] });
    await ask('setExceptionBreakpoints', { filters: ['unrecovered-panic', 'runtime-fatal-throw'] });
    await ask('configurationDone', {});
  };
  await configure();

  const where = async reason => {
    show('stopped', { ...reason, hitBreakpointIds: reason.hitBreakpointIds || [] });
    const threads = (await request('threads', {})).threads;
    show('threads', threads.map(t => t.name).sort());
    const stack = await request('stackTrace', { threadId: reason.threadId || 1, startFrame: 0, levels: 5 });
    if (stack.error) { show('stackTrace', stack); return null; }
    show('stack', stack.stackFrames.map(f => [f.name, f.line, f.source && f.source.name, f.presentationHint]));
    show('total', stack.totalFrames);
    return stack.stackFrames[0].id;
  };
  const variables = async (reference, depth, indent) => {
    const list = (await request('variables', { variablesReference: reference })).variables || [];
    for (const v of list) {
      console.log(indent + [v.name, v.value, v.type, v.evaluateName, v.indexedVariables || 0, v.namedVariables || 0,
        v.variablesReference ? '+' : ''].join(' | '));
      if (v.variablesReference && depth > 0) await variables(v.variablesReference, depth - 1, indent + '  ');
    }
    return list;
  };
  const scopes = async (frame, depth) => {
    const all = await request('scopes', { frameId: frame });
    for (const scope of all.scopes || []) {
      console.log('scope ' + scope.name);
      await variables(scope.variablesReference, depth, '  ');
    }
    return (all.scopes || [])[0];
  };

  let frame = await where(await stop());
  await scopes(frame, 1);
  for (const context of ['watch', 'repl', 'hover', 'clipboard']) await ask('evaluate', { expression: 'a + b', context });
  await ask('evaluate', { expression: 'nosuch', context: 'watch' });
  await ask('evaluate', { expression: 'total', context: 'watch' });
  for (const step of ['next', 'next', 'stepOut']) {
    await ask(step, { threadId: 1 });
    frame = await where(await stop());
  }
  await ask('continue', { threadId: 1 });
  frame = await where(await stop());
  const scope = await scopes(frame, 2);
  for (const expression of ['p', 's', 'names', 'points', 'list', 'list[1]', 'long', 'text', 'e', 'z', 'u', 'f', '&p',
    's.(*main.square)', 'len(list)', 'none', 'p.X == 1', 'list[7]', 'string(bytes)']) {
    const answer = await request('evaluate', { expression, context: 'repl', frameId: frame });
    show('evaluate ' + expression, { ...answer, variablesReference: answer.variablesReference ? '+' : 0 });
  }
  if (scope) {
    await ask('setVariable', { variablesReference: scope.variablesReference, name: 'u', value: '7' });
    await ask('evaluate', { expression: 'u', frameId: frame });
  }
  await ask('continue', { threadId: 1 });
  frame = await where(await stop());
  if (process.env.ARGS === 'fail') {
    await ask('continue', { threadId: 1 });
    const reason = await stop();
    await where(reason);
    const info = await request('exceptionInfo', { threadId: reason.threadId });
    show('exceptionInfo', [info.exceptionId, info.description]);
  }
  if (process.env.ARGS === 'wait') {
    await ask('setBreakpoints', { source: { path: source }, breakpoints: [] });
    await ask('setFunctionBreakpoints', { breakpoints: [] });
    await ask('continue', { threadId: 1 });
    await ask('threads', {});
    show('stackTrace', (await request('stackTrace', { threadId: 1 })).error);
    await ask('setBreakpoints', { source: { path: source }, breakpoints: [{ line: lines('total++') }] });
    frame = await where(await stop());
    await ask('setBreakpoints', { source: { path: source }, breakpoints: [] });
    await ask('continue', { threadId: 1 });
    await ask('pause', { threadId: 1 });
    show('paused', (await stop()).reason);
  }
  if (process.env.RESTART !== '1') {
    process.exit(0); // Delve builds a program again that it did not build, and does not come back
  }
  const again = initialized();
  await ask('restart', {});
  await again;
  await configure();
  show('stopped', (await stop()).reason);
  await ask('setFunctionBreakpoints', { breakpoints: [] });
  if (!process.env.ARGS) {
    await ask('setBreakpoints', { source: { path: source }, breakpoints: [{ line: lines('total += s.area()') }] });
    const there = await request('gotoTargets', { source: { path: source }, line: lines('return c') });
    show('gotoTargets', there.targets.map(t => t.label));
    await ask('goto', { threadId: 1, targetId: there.targets[0].id });
    await where(await stop());
    const elsewhere = await request('gotoTargets', { source: { path: source }, line: lines('return n * deep') });
    show('gotoTargets', elsewhere.targets);
    await ask('continue', { threadId: 1 });
    const calls = await request('stepInTargets', { frameId: await where(await stop()) });
    show('stepInTargets', calls.targets.map(t => t.label));
    await ask('stepIn', { threadId: 1, targetId: calls.targets[0].id });
    await where(await stop());
  }
  await ask('setBreakpoints', { source: { path: source }, breakpoints: [] });
  if (!process.env.ARGS) {
    const over = new Promise(r => client.once('terminated', r));
    await ask('continue', { threadId: 1 });
    await over;
  }
  await ask('disconnect', { terminateDebuggee: true });
  process.exit(0);
}
setTimeout(() => { console.log('TIMEOUT'); process.exit(1); }, 60000);
main().catch(e => { console.log('FAILED ' + e.stack); process.exit(1); });
