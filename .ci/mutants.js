'use strict';

// `npm run mutants`: which mistakes in the protocol and the stores no test notices. cargo-mutants chooses the mutants. One build
// has them all, as branches on `MUTANT=n`, and each one meets the tests that come by its place. CONTRIBUTING.md says more.

const { mkdirSync } = require('node:fs');

const { print, readOptions, runProgram } = require('../tools/command-line.js');
const { build } = require('./mutants/build.js');
const { FOLDER } = require('./mutants/copy.js');
const { reachingTests, verdict } = require('./mutants/judge.js');
const { list } = require('./mutants/list.js');
const { line, readReport, saveReport, settled, summary } = require('./mutants/report.js');

const USAGE = `usage: npm run mutants -- [--again] [--jobs=<n>]

  --again  begins anew; default: goes on where the last run was stopped, and tries the missed ones again
  --jobs   how many mutants are tried at the same time; default 2`;

/** Every so many mutants the progress is told. */
const TOLD = 25;

async function main(args) {
  const { help, again, jobs } = readOptions(args, { usage: USAGE, flags: ['again'], numbers: { jobs: 2 } });
  if (help) return print(USAGE);
  mkdirSync(FOLDER, { recursive: true });
  const mutants = list();
  const { binary, refused } = await build(mutants);
  const before = again ? [] : readReport();
  const results = new Map(mutants.map((mutant) => [mutant, settled(mutant, refused, before)]));
  const left = mutants.filter((mutant) => results.get(mutant) === undefined);
  const reaching = await reachingTests(binary, jobs);
  print(`${mutants.length} mutants, ${left.length} to try`);

  let done = 0;
  const work = async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const { name, file, text } = mutant;
      const result = {
        ...{ name, file, text },
        ...(await verdict(binary, mutant.id, reaching.get(mutant.id) ?? [])),
      };
      results.set(mutant, result);
      done += 1;
      if (result.verdict === 'missed' || done % TOLD === 0)
        print(`${done}, ${left.length} left: ${line(result)}`);
      // After each, because a run may be stopped at any moment.
      saveReport([...results.values()].filter(Boolean));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  print(summary([...results.values()]));
}

runProgram(main);
