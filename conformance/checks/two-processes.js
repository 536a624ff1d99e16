'use strict';

// Two processes with one directory. In each round both are told at the same moment that the token which they share was rejected.

const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { startModule } = require('../../tools/leftovers.js');
const { reuses } = require('../ledger.js');
const { withLogin } = require('./world.js');

const PROCESSES = 2;

/** Resolves with `{ rounds, redemptions, wrong }`. */
function twoProcesses(world, { rounds, facts, progress }) {
  return withLogin(world, async ({ connect, options, tokens }) => {
    await connect().setTokens(tokens);
    const members = await Promise.all(Array.from({ length: PROCESSES }, () => startMember(options)));
    try {
      const redemptions = world.ledger.since();
      const failed = new Set();
      let rejected = tokens.accessToken;
      let differing = 0;
      for (let i = 1; i <= rounds; i += 1) {
        if (facts.apartMs !== undefined) await pause(facts.apartMs);
        const answers = await Promise.all(members.map(({ ask }) => ask(rejected)));
        const seen = new Set(answers.map(({ accessToken }) => accessToken));
        for (const { failure } of answers) if (failure !== undefined) failed.add(failure);
        if (seen.size > 1 || seen.has(rejected)) differing += 1;
        rejected = answers.find(({ accessToken }) => accessToken !== undefined)?.accessToken ?? rejected;
        progress(`${i} of ${rounds} rounds`);
      }
      const seen = redemptions();
      const wrong = [
        seen.length !== rounds && `${seen.length} redemptions in ${rounds} rounds of two processes`,
        reuses(seen) > 0 && `two processes sent ${reuses(seen)} refresh tokens again`,
        differing > 0 && `in ${differing} rounds the processes did not end with one new token`,
        ...[...failed].map((failure) => `a process failed with ${failure}`),
      ].filter(Boolean);
      return { rounds, redemptions: seen.length, wrong };
    } finally {
      await Promise.all(members.map(({ stop }) => stop()));
    }
  });
}

async function startMember(options) {
  const child = startModule(path.join(__dirname, 'member.js'), [], { execArgv: [] });
  child.send(options);
  await once(child, 'message');
  return {
    async ask(rejected) {
      child.send(rejected);
      const [answer] = await once(child, 'message');
      return answer;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

module.exports = { twoProcesses };
