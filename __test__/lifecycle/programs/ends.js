'use strict';

// Programs that do one thing and then have nothing left to do. None of them closes its client.

const { code, connect, pause, report, settings, told } = require('./program.js');
const { refreshAt } = require('../../support/refresh.js');

/** A store that answers late, by a timer that keeps nothing running. */
function slowStore(facts, initial = settings.tokens) {
  facts.stored = initial;
  return {
    tokens: undefined,
    getTokens: async () => {
      await pause(5);
      return facts.stored;
    },
    setTokens: async (tokens) => {
      await pause(20);
      facts.stored = tokens;
    },
  };
}

const programs = {
  async constructed() {
    connect();
  },

  async requested(facts) {
    const client = connect();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.get('/api/orders')));
    facts.statuses = [...new Set(answers.map((answer) => answer.status))];
  },

  /** Of several parts, the first of which is more than is read at once. */
  async uploaded(facts) {
    const parts = [
      'x'.repeat(100_000),
      Buffer.from('é'),
      'y'.repeat(70_000),
      new Blob(['z'.repeat(100_000), 'end']),
    ];
    const blob = new Blob(parts);
    const { body } = await (await connect().post('/api/orders', blob)).json();
    facts.whole = body === (await blob.text());
  },

  async refreshFailed(facts) {
    facts.error = await connect({ maxRetries: 0 }).get('/api/orders').catch(code);
  },

  async pending(facts) {
    facts.status = (await connect().get('/api/orders')).status;
  },

  /** The last request starts a rotation and does not wait for it. */
  async rotatedBehind(facts) {
    const client = connect({ ...slowStore(facts), refreshAhead: 60_000 });
    facts.status = (await client.get('/api/orders')).status;
    facts.storedAtOnce = facts.stored.accessToken !== settings.tokens.accessToken;
  },

  async aborted(facts) {
    const controller = new AbortController();
    const request = connect().get('/api/orders', { signal: controller.signal });
    told().then(() => controller.abort(new Error('enough')));
    facts.error = await request.catch((error) => error.message);
  },

  /** The only caller leaves while the refresh is under way. */
  async abortedInRefresh(facts) {
    const controller = new AbortController();
    const exchange = refreshAt(settings.tokenEndpoint);
    const refresh = (token, context) => {
      controller.abort(new Error('enough'));
      return exchange(token, context);
    };
    const client = connect({ ...slowStore(facts), refresh });
    const request = client.get('/api/orders', { signal: controller.signal });
    facts.error = await request.catch((error) => error.message);
  },

  async savedLate(facts) {
    const store = slowStore(facts);
    facts.failed = 0;
    const setTokens = async (tokens) => {
      if (facts.failed < 3) {
        facts.failed += 1;
        throw new Error('the disk is full');
      }
      await store.setTokens(tokens);
    };
    facts.status = (await connect({ ...store, setTokens }).get('/api/orders')).status;
  },

  /** The write of the first rotation outlives its deadline, and that of the second is done before it ends. */
  async writtenLate(facts) {
    const store = slowStore(facts);
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    const late = async (tokens) => {
      setTokens = store.setTokens;
      await ended;
      await store.setTokens(tokens);
      facts.landed = true;
    };
    let setTokens = late;
    const client = connect({ ...store, setTokens: (tokens) => setTokens(tokens), refreshTimeout: 3_000 });
    facts.status = (await client.get('/api/orders')).status;
    await client.rotate();
    if (settings.lands) end();
  },

  async closed(facts) {
    const client = connect();
    await client.get('/api/orders');
    await client[Symbol.asyncDispose]();
    facts.error = await client.get('/api/orders').catch(code);
  },
};

const facts = {};
process.on('exit', () => report(facts));
programs[settings.does](facts);
