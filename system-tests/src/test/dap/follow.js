// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
// follow.js SERVER-PORT PARENT CHILD CHILD-SOURCE: launches a program that starts another, with a breakpoint in the
// other, and prints what it was told.
'use strict';
const { DebugClient } = require('@vscode/debugadapter-testsupport');
const [port, parent, child, source] = process.argv.slice(2);

async function main() {
  const client = new DebugClient('', '', 'go');
  await client.start(Number(port));
  client.defaultTimeout = 20000;
  const told = [];
  client.on('process', e => told.push('process ' + e.body.name));
  client.on('breakpoint', e => told.push('breakpoint ' + e.body.reason + ' ' + e.body.breakpoint.verified));
  await client.initializeRequest();
  const ready = new Promise(r => client.once('initialized', r));
  const launched = client.send('launch', { mode: 'exec', program: parent, args: [child], followExec: true, followExecRegex: 'child$' });
  await ready;
  await launched;
  const line = require('fs').readFileSync(source, 'utf8').split('\n').findIndex(l => l.includes('return n')) + 1;
  const answer = await client.setBreakpointsRequest({ source: { path: source }, breakpoints: [{ line }] });
  console.log('verified ' + answer.body.breakpoints[0].verified);
  let stopped = client.waitForEvent('stopped');
  await client.configurationDoneRequest();
  const reason = (await stopped).body;
  console.log('stopped ' + reason.reason + ' ' + JSON.stringify(reason.hitBreakpointIds));
  const stack = (await client.send('stackTrace', { threadId: reason.threadId, startFrame: 0, levels: 2 })).body.stackFrames;
  console.log('stack ' + JSON.stringify(stack.map(f => [f.name, f.line])));
  const value = (await client.evaluateRequest({ expression: 'n', frameId: stack[0].id })).body;
  console.log('n = ' + value.result);
  const ended = client.waitForEvent('terminated');
  stopped = client.waitForEvent('stopped');
  await client.continueRequest({ threadId: reason.threadId });
  await Promise.race([ended, stopped]);
  told.forEach(t => console.log(t));
  await client.disconnectRequest({ terminateDebuggee: true });
  await client.stop();
}
main().then(() => process.exit(0), e => { console.log('FAILED ' + e.stack); process.exit(1); });
