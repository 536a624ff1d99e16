'use strict';

// Processes with a client each, which share a store. The ledger of a strict server says what they did.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

const MEMBER = path.join(__dirname, 'member.js');
const EXPIRIES = 15;
const REQUESTS = 8;
/** When a test that hangs is given up, ms. */
const PATIENCE = 120_000;

/** For a test file that uses the harness. */
function useCrew({ serve, track }) {
  const kills = [];
  afterEach(() => Promise.all(kills.splice(0).map((kill) => kill())));
  const enlist = (kill) => kills.push(kill);

  /** A process with a client of its own. `options` are TokenClient's, but for those that `member.js` reads. */
  async function hireProcess({ url, tokenEndpoint }, { tokens, postgres, recipe, ...options }) {
    const child = fork(MEMBER, { env: { ...process.env } });
    enlist(() => child.kill('SIGKILL'));
    const ask = async (message) => {
      child.send(message);
      return (await once(child, 'message'))[0];
    };
    await ask({ make: { at: { url, tokenEndpoint }, tokens, options, postgres, recipe } });
    return {
      ask,
      async dismiss() {
        child.send({ close: true });
        return (await once(child, 'exit'))[0];
      },
    };
  }

  async function wave(members, requests = REQUESTS) {
    const answers = await track(Promise.all(members.map((member) => member.ask({ requests }))));
    expect(answers.flatMap(({ statuses }) => statuses)).toEqual(Array(members.length * requests).fill(200));
  }

  async function expiries(server, members) {
    await wave(members);
    for (let expiry = 1; expiry <= EXPIRIES; expiry += 1) {
      server.expire();
      await wave(members);
      expect(server.ledger.counts).toMatchObject({
        expiries: expiry,
        refreshes: expiry,
        early: 0,
        reuses: 0,
      });
    }
  }

  /** Two processes rotate in turn, each token once, and end. */
  async function twoProcesses(options) {
    const server = await serve({ latency: [0, 4] });
    const tokens = server.login('ada');
    const members = [
      await hireProcess(server, { ...options, tokens }),
      await hireProcess(server, { ...options, tokens }),
    ];
    await expiries(server, members);
    const stats = await Promise.all(members.map(async (member) => (await member.ask({ stats: true })).stats));
    const sum = (name) => stats.reduce((all, one) => all + one[name], 0);
    expect(sum('rotations')).toBe(EXPIRIES);
    expect(sum('adopted')).toBeGreaterThanOrEqual(EXPIRIES);
    expect(await Promise.all(members.map((member) => member.dismiss()))).toEqual([0, 0]);
  }

  return { enlist, hireProcess, wave, expiries, twoProcesses };
}

module.exports = { MEMBER, PATIENCE, useCrew };
