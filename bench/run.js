'use strict';

// `npm run bench`: every case, every client, one server, one run. What it measures and how: README.md beside it.

const path = require('node:path');

const { print, runProgram } = require('../tools/command-line.js');
const { saveRun } = require('../tools/results.js');
const { CASES } = require('./cases.js');
const { describeMachine, describeVersions } = require('./machine.js');
const { USAGE, parseOptions } = require('./options.js');
const { PEERS, missing } = require('./peers');
const { runCase } = require('./run-cases.js');
const { startServer } = require('./server-process.js');
const { caseTable, targetTable } = require('./tables.js');
const { checkTargets } = require('./targets.js');

const RESULTS = path.join(__dirname, 'results');

async function main(argv) {
  const options = parseOptions(argv);
  if (options.help) return print(USAGE);
  if (options.list) return print([...CASES, ...PEERS].map(({ name }) => name).join('\n'));

  const cases = CASES.filter(({ name }) => options.only.test(name));
  if (!cases.length) throw new Error('--only matches no case; --list names them');
  const peers = choosePeers(options.peers);
  if (!peers.length) throw new Error('no client to measure');
  const machine = describeMachine();
  const versions = describeVersions();
  print(headline(machine, versions));

  const date = new Date().toISOString();
  const server = await startServer();
  const results = [];
  try {
    for (const testCase of cases) {
      const result = await runCase(testCase, { server, options, peers });
      results.push(result);
      print(`\n${caseTable(result)}`);
    }
  } finally {
    await server.stop();
  }

  const targets = checkTargets(results);
  const concerned = targets.filter((target) => results.some(({ name }) => name === target.case));
  if (concerned.length) print(`\n${targetTable(concerned)}`);
  const { only, ...settings } = options;
  const run = { date, machine, versions, options: { ...settings, only: only.source }, targets, results };
  print(`\nwritten: ${saveRun(RESULTS, run)}`);
}

/** All clients, or those named; without those that cannot be loaded here. */
function choosePeers(names) {
  const unknown = names?.find((name) => !PEERS.some((peer) => peer.name === name));
  if (unknown) throw new Error(`--peers: no client "${unknown}"; --list names them`);
  const chosen = PEERS.filter(({ name }) => !names || names.includes(name));
  return chosen.filter(({ name }) => {
    const reason = missing(name);
    if (reason) print(`${name} is left out: ${reason}`);
    return !reason;
  });
}

function headline(machine, versions) {
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '÷ columns: token-rotator ÷ this client, median of round pairs. CPU, loop, thread, server: µs per request, or per MB.',
  ];
  if (!machine.quiet) lines.push(`Load average ${machine.loadBefore.toFixed(1)}: this machine is not quiet.`);
  return lines.join('\n');
}

runProgram(main);
