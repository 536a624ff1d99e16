'use strict';

// The measured process. Started by client-process.js, told over IPC what to run, ends with its parent.

const { loadPeer } = require('./peers');
const { calls } = require('./load-calls.js');
const fleet = require('./load-fleet.js');
const { memory } = require('./load-memory.js');
const { hold } = require('./load-sessions.js');
const { steady } = require('./load-steady.js');
const { storm } = require('./load-storm.js');
const { transfer } = require('./load-transfer.js');
const { refreshTokens } = require('./refresh.js');

/** A refresh that can be held: the memory case keeps every request waiting for it. */
const gate = {
  entered: () => {},
  opened: null,
  hold() {
    this.opened = new Promise((resolve) => {
      this.release = () => {
        this.opened = null;
        resolve();
      };
    });
    return new Promise((resolve) => {
      this.entered = resolve;
    });
  },
  release() {},
};

let client;
let loginOrigin;

const methods = {
  open({ peer, tokenOrigin, ...target }) {
    const refresh = async (refreshToken) => {
      gate.entered();
      await gate.opened;
      return fleet.refreshed(await refreshTokens(tokenOrigin, refreshToken));
    };
    client = loadPeer(peer).create({ ...target, store: fleet.storeOf(target.store), refresh });
    loginOrigin = tokenOrigin;
  },
  steady: (args) => steady(client[args.call ?? 'get'], args),
  storm: (args) => storm(client.get, args),
  async hold(args) {
    const { inTurn, ...sizes } = await hold(client, loginOrigin, args);
    client.inTurn = inTurn;
    return sizes;
  },
  calls: (args) => calls(client.accessToken, args),
  memory: (args) => memory(client.get, gate, args),
  transfer: (args) => transfer(client, args),
  alone: (args) => fleet.alone(client, args),
  contend: (args) => fleet.contend(client, args),
  lead: (args) => fleet.lead(client, args),
  follow: (args) => fleet.follow(client, args),
  storeCalls: () => ({ ...fleet.calls }),
};

process.on('message', async ({ method, args }) => {
  let answer;
  try {
    answer = { result: (await methods[method](args)) ?? null };
  } catch (error) {
    answer = { error: describe(error) };
  }
  if (process.connected) process.send(answer);
});

process.once('disconnect', () => process.exit());

function describe(error) {
  const cause = error.cause?.code ?? error.cause?.message;
  return [error.code, error.message, cause].filter(Boolean).join(': ') || String(error);
}
