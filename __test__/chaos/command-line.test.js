'use strict';

// The command lines of the programs for developers, which read them alike.

const bench = require('../../bench/options.js');
const chaos = require('../../chaos/options.js');
const trial = require('../../chaos/trial/options.js');
const conformance = require('../../conformance/options.js');
const { readOptions } = require('../../tools/command-line.js');
const { aligned } = require('../../tools/table.js');

const FLAGS = { json: false, list: false, help: false };

test.each([
  ['chaos', chaos, ['--seed=7'], { events: 20, processes: 3, ttl: 300, seed: 7, only: /(?:)/, ...FLAGS }],
  [
    'trial',
    trial,
    ['--ttl=9,8'],
    { rotations: 3000, ttls: [9, 8], ttl: '9,8', parallel: 1, only: /(?:)/, ...FLAGS },
  ],
  [
    'conformance',
    conformance,
    ['--json'],
    { rotations: 1000, rounds: 100, only: /(?:)/, ...FLAGS, json: true },
  ],
])('defaults of %s', (_, { parseOptions }, args, expected) => {
  const options = parseOptions(args);
  expect(options).toEqual(expected);
  expect(Object.isFrozen(options)).toBe(true);
});

test('the bench takes the times that are given over those of --quick', () => {
  const { parseOptions } = bench;
  expect(parseOptions([])).toMatchObject({
    quick: false,
    rounds: 5,
    ms: 2000,
    transfers: 5,
    peers: undefined,
  });
  expect(parseOptions(['--quick', '--rounds=3', '--peers=a,b'])).toMatchObject({
    ...{ quick: true, rounds: 3, transfers: 3, ms: 300, peers: ['a', 'b'] },
  });
});

test.each(Object.entries({ bench, chaos, trial, conformance }))(
  '%s: --only is a regular expression',
  (_, program) => {
    expect(program.parseOptions(['--only=^file/.*/kill$']).only).toEqual(/^file\/.*\/kill$/);
  },
);

test.each([
  [chaos, '--events=0', '--events: a positive integer'],
  [chaos, '--event=1', "Unknown option '--event'"],
  [chaos, '--only=(', 'Unterminated group'],
  [chaos, '--json=1', "'--json' does not take an argument"],
  [bench, '--ms=1.5', '--ms: a positive integer'],
  [trial, '--ttl=50,x', '--ttl: a positive integer'],
  [conformance, 'all', "Unexpected argument 'all'"],
])('refused, with the usage: %#', ({ USAGE, parseOptions }, argument, reason) => {
  expect(() => parseOptions([argument])).toThrow(reason);
  expect(() => parseOptions([argument])).toThrow(USAGE);
});

test('words are read only where a program takes some', () => {
  const read = (allowWords) =>
    readOptions(['folder', '--ms=5'], { usage: '', numbers: { ms: 1 }, allowWords });
  expect(read(true)).toEqual({ help: false, ms: 5, words: ['folder'] });
  expect(() => read(false)).toThrow("Unexpected argument 'folder'");
});

test('a table has its words to the left and its numbers to the right', () => {
  expect(
    aligned(
      ['', 'n', 'why'],
      [
        ['file', 10, 'killed'],
        ['a', 7, ''],
      ],
      [0, 2],
    ),
  ).toEqual(['       n  why', '────  ──  ──────', 'file  10  killed', 'a      7']);
});
