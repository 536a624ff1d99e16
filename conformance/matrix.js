'use strict';

// One server in one setting: it is installed and started, and every check gets logins of its own.

const path = require('node:path');
const { lostAnswer } = require('./checks/lost-answer.js');
const { oddAnswers } = require('./checks/odd-answers.js');
const { rotations } = require('./checks/rotations.js');
const { twoProcesses } = require('./checks/two-processes.js');
const { Ledger } = require('./ledger.js');

const INSTALLED = path.join(__dirname, '..', 'target', 'conformance');
const CHECKS = { rotations, lostAnswer, twoProcesses, oddAnswers };

/** Resolves with what each check has seen, and `wrong`; or with `notRun`, why the server could not be had. */
async function runServer({ name, server, version, start, parameters, facts }, options) {
  const begun = Date.now();
  const seconds = () => (Date.now() - begun) / 1000;
  let running;
  try {
    running = await start(path.join(INSTALLED, server), parameters);
  } catch (error) {
    return { name, version, notRun: error.message, wrong: [], seconds: seconds() };
  }
  const ledger = new Ledger(running.tokenEndpoint);
  try {
    await ledger.listen();
    const results = {};
    const wrong = [];
    for (const [check, run] of Object.entries(CHECKS)) {
      const { wrong: found, ...seen } = await run({ server: running, ledger }, { ...options, facts }).catch(
        (error) => ({ wrong: [`${check} failed: ${error.message}`] }),
      );
      wrong.push(...found);
      if (found.length === 0 || Object.keys(seen).length > 0) results[check] = seen;
    }
    return { name, version, parameters, ...results, wrong, seconds: seconds() };
  } finally {
    await ledger.close();
    await running.stop();
  }
}

module.exports = { runServer };
