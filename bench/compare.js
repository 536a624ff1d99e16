'use strict';

// Two checkouts of this package, measured in one run: what a change costs on the event loop. Their processes live side by side and are
// measured in turn, so that the machine's moods hit both rounds of a pair. With `.` it compares this checkout with itself: the noise.
//
//   git worktree add ../before <commit> && ln -s "$PWD/node_modules" ../before/node_modules
//   cp -r native ../before/          # the same addon, if both have the same Rust; else build it there
//   node bench/compare.js ../before [--rounds=40] [--ms=1000]

const path = require('node:path');
const { startClient } = require('./client-process.js');
const { startServer } = require('./server-process.js');
const { median } = require('./statistics.js');

const CASE = { path: '/small', concurrency: 64 };
const KEYS = [
  ['loopUs', 'event loop, µs a request'],
  ['threadUs', 'CPU of the event loop’s thread, µs a request'],
  ['throughput', 'requests a second'],
];

function readArguments(argv) {
  const usage = 'usage: node bench/compare.js FOLDER [--rounds=40] [--ms=1000]';
  const [folder, ...flags] = argv;
  const options = { rounds: 40, ms: 1000 };
  for (const flag of flags) {
    const [, name, value] = /^--(rounds|ms)=([1-9]\d*)$/.exec(flag) ?? [];
    if (name === undefined) throw new Error(`${flag}: not understood\n${usage}`);
    options[name] = Number(value);
  }
  if (folder === undefined || folder.startsWith('--')) throw new Error(usage);
  return { folder: path.resolve(folder), ...options };
}

async function main() {
  const { folder, rounds, ms } = readArguments(process.argv.slice(2));
  const server = await startServer();
  const clients = [];
  try {
    for (const bench of [__dirname, path.join(folder, 'bench')]) clients.push(await open(server, bench));
    for (const client of clients) await client.call('steady', { ...CASE, settleMs: 3000, ms: 1 });
    const pairs = [];
    for (let round = 0; round < rounds; round++) pairs.push(await measurePair(clients, round, ms));
    report(pairs);
  } finally {
    for (const client of clients) client.stop();
    await server.stop();
  }
}

async function open(server, bench) {
  const { access_token: accessToken, refresh_token: refreshToken } = await server.login();
  const [origin, tokens] = [server.origins.plain, { accessToken, refreshToken }];
  const target = { peer: 'token-rotator', origin, tokenOrigin: origin, sockets: CASE.concurrency, tokens };
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
    console.log(`${title}: here ${here.toFixed(2)}, there ${there.toFixed(2)}`);
    console.log(
      `  here ÷ there, ${pairs.length} pairs: ${median(ratios).toFixed(4)}, 95 %: ${low.toFixed(4)} to ${high.toFixed(4)}`,
    );
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
