'use strict';

// `npm run soak`: does a process that uses the client for long grow? The slope of its memory, descriptors, threads and handles,
// as a table, and as JSON in target/soak.json. Linux only, because it reads /proc.
//
//     npm run soak -- --requests=1000000 --rotations=1000 --clients=10000 --rounds=100

const { once } = require('node:events');
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { print, readOptions, runProgram } = require('../tools/command-line.js');
const { startModule } = require('../tools/leftovers.js');
const { LIMITS, growth, leaks } = require('./slope.js');

const RESULT = path.join(__dirname, '..', 'target', 'soak.json');
const USAGE = 'usage: npm run soak -- [--requests=<n>] [--rotations=<n>] [--clients=<n>] [--rounds=<n>]';
const DEFAULTS = { requests: 1e6, rotations: 1e3, clients: 1e4, rounds: 100 };

/** `{ options, samples, done }`. `onSample` sees each sample when it is taken. */
async function soak(options, onSample = () => {}) {
  const server = startModule(path.join(__dirname, 'soak-server.js'));
  try {
    const [port] = await once(server, 'message');
    const program = startModule(path.join(__dirname, 'soak-program.js'), [], { execArgv: ['--expose-gc'] });
    const samples = [];
    let done;
    program.on('message', (message) => {
      done = message.done;
      if (message.sample === undefined) return;
      samples.push(message.sample);
      onSample(message.sample);
    });
    program.send({ ...options, baseURL: `http://127.0.0.1:${port}` });
    const [code] = await once(program, 'close');
    if (code !== 0 || done === undefined) throw new Error(`the program ended with ${code}`);
    return { options, samples, done };
  } finally {
    server.disconnect();
  }
}

function row({ requests, rotations, clients, rss, heap, descriptors, threads, handles }) {
  const mb = (bytes) => (bytes / 2 ** 20).toFixed(1);
  const cells = [requests, rotations, clients, mb(rss), mb(heap), descriptors, threads, handles];
  return cells.map((cell) => String(cell).padStart(13)).join('');
}

async function main(args) {
  const { help, ...options } = readOptions(args, { usage: USAGE, numbers: DEFAULTS });
  if (help) return print(USAGE);
  const heads = [
    'requests',
    'rotations',
    'clients',
    'RSS MB',
    'heap MB',
    'descriptors',
    'threads',
    'handles',
  ];
  console.log(heads.map((head) => head.padStart(13)).join(''));
  let count = 0;
  const result = await soak(options, (sample) => {
    if (count++ % Math.ceil(options.rounds / 20) === 0) console.log(row(sample));
  });
  console.log(row(result.samples.at(-1)));
  const grown = growth(result.samples);
  const found = leaks(result.samples);
  console.log('\nGrowth per 10⁵ requests, after the first fifth:');
  for (const [name, value] of Object.entries(grown)) {
    console.log(`${name.padStart(12)} ${value.toFixed(3).padStart(9)}  (limit ${LIMITS[name]})`);
  }
  mkdirSync(path.dirname(RESULT), { recursive: true });
  writeFileSync(
    RESULT,
    JSON.stringify({ node: process.version, growth: grown, leaks: found, ...result }, null, 1),
  );
  console.log(found.length === 0 ? 'nothing grows' : `GROWS: ${found.join(', ')}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

if (require.main === module) runProgram(main);

module.exports = { soak };
