'use strict';

// Two checkouts of this package, measured in one run: what a change costs on the event loop. Their processes live side by side and are
// measured in turn, so that the machine's moods hit both rounds of a pair. With `.` it compares this checkout with itself: the noise.
//
//   git worktree add ../before <commit> && ln -s "$PWD/node_modules" ../before/node_modules
//   cp -r native ../before/          # the same addon, if both have the same Rust; else build it there
//   node bench/compare.js ../before [--rounds=40] [--ms=1000] [--over=tls]

const path = require('node:path');
const { print, readOptions, runProgram } = require('../tools/command-line.js');
const { startClient } = require('./client-process.js');
const { startServer } = require('./server-process.js');
const { median } = require('./statistics.js');

const OVER = ['plain', 'tls', 'h2'];
const CASE = { path: '/small', concurrency: 64 };
const USAGE = `usage: node bench/compare.js FOLDER [--rounds=<n>] [--ms=<n>] [--over=<protocol>]

  --rounds  pairs of measurements; default 40
  --ms      length of each; default 1000
  --over    ${OVER.join(', ')}; default plain`;

const KEYS = [
  ['loopUs', 'event loop, µs a request'],
  ['threadUs', 'CPU of the event loop’s thread, µs a request'],
  ['cpuUs', 'CPU of the process, µs a request'],
  ['throughput', 'requests a second'],
];

function parseOptions(args) {
  const { words, ...options } = readOptions(args, {
    usage: USAGE,
    numbers: { rounds: 40, ms: 1000 },
    texts: { over: 'plain' },
    allowWords: true,
  });
  if (!OVER.includes(options.over)) throw new Error(`--over: one of ${OVER.join(', ')}\n\n${USAGE}`);
  if (!options.help && words.length !== 1) throw new Error(`one folder is wanted\n\n${USAGE}`);
  return { ...options, folder: path.resolve(...words) };
}

async function main(args) {
  const { folder, rounds, ms, over, help } = parseOptions(args);
  if (help) return print(USAGE);
  const server = await startServer();
  const clients = [];
  try {
    for (const bench of [__dirname, path.join(folder, 'bench')])
      clients.push(await open(server, bench, over));
    for (const client of clients) await client.call('steady', { ...CASE, settleMs: 3000, ms: 1 });
    const pairs = [];
    for (let round = 0; round < rounds; round++) pairs.push(await measurePair(clients, round, ms));
    report(pairs);
  } finally {
    for (const client of clients) client.stop();
    await server.stop();
  }
}

async function open(server, bench, over) {
  const { access_token: accessToken, refresh_token: refreshToken } = await server.login();
  const tokens = { accessToken, refreshToken };
  const [origin, tokenOrigin] = [server.origins[over], server.origins.plain];
  const target = {
    peer: 'token-rotator',
    origin,
    ca: server.ca,
    tokenOrigin,
    sockets: CASE.concurrency,
    tokens,
  };
  return startClient(target, bench);
}

/** Every second pair begins with the other one, because the first of two may find a cooler machine. */
async function measurePair(clients, round, ms) {
  const pair = [];
  for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
    pair[at] = await clients[at].call('steady', { ...CASE, settleMs: 100, ms });
  }
  return pair;
}

/** The median of the pairs' ratios, and the ranks between which the true median is in 95 of 100 such runs. */
function report(pairs) {
  for (const [key, title] of KEYS) {
    const ratios = pairs.map(([here, there]) => here[key] / there[key]).sort((a, b) => a - b);
    const reach = Math.floor(pairs.length / 2 - 0.98 * Math.sqrt(pairs.length));
    const [low, high] = [
      ratios[Math.max(0, reach)],
      ratios[Math.min(ratios.length, ratios.length - reach) - 1],
    ];
    const [here, there] = [0, 1].map((at) => median(pairs.map((pair) => pair[at][key])));
    print(`${title}: here ${here.toFixed(2)}, there ${there.toFixed(2)}`);
    print(
      `  here ÷ there, ${pairs.length} pairs: ${median(ratios).toFixed(4)}, 95 %: ${low.toFixed(4)} to ${high.toFixed(4)}`,
    );
  }
}

runProgram(main);
