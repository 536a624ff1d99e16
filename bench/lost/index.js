'use strict';

// `npm run bench:lost`: how many `POST`s are lost when a server ends connections, with this client and with undici. A lost
// one was refused by the network, and the server did not apply it. An applied one that failed is counted apart.
//
//     npm run bench:lost -- --posts=2000

const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { Agent, request } = require('undici');
const { TokenClient } = require('../..');
const { print, readOptions, runProgram } = require('../../tools/command-line.js');
const { startModule } = require('../../tools/leftovers.js');
const { DISTANCE_MS, NAMES } = require('./server.js');

/** Loops that each send one `POST` after the other. */
const LOOPS = 4;

const CLIENTS = {
  'token-rotator': (baseURL) => {
    const client = new TokenClient({ baseURL, tokens: { accessToken: 'a' }, refresh: () => null });
    return {
      post: async (url) => (await client.post(url, 'x')).text(),
      close: () => client.close(),
    };
  },
  undici: (baseURL) => {
    const dispatcher = new Agent();
    return {
      post: async (url) =>
        (await request(baseURL + url, { method: 'POST', body: 'x', dispatcher })).body.text(),
      close: () => dispatcher.destroy(),
    };
  },
};

/** What became of `posts` POSTs: { sent, lost, failed, twice }. */
async function measure(scenario, name, posts) {
  const server = startModule(path.join(__dirname, 'server.js'));
  server.send({ scenario });
  const [{ port }] = await once(server, 'message');
  const client = CLIENTS[name](`http://127.0.0.1:${port}`);
  const failures = [];
  let sent = 0;
  const post = async () => {
    const id = ++sent;
    await client.post(`/${id}`).catch(() => failures.push(id));
  };
  const loop = async () => {
    while (sent < posts) await post();
  };
  if (scenario.includes('idle')) {
    // Two rounds on the same connections, so that the second arrives just before or just after the server's end.
    const round = () => Promise.all(Array.from({ length: posts / 2 }, post));
    await round();
    await pause(2000 - 2 * DISTANCE_MS);
    await round();
  } else {
    await Promise.all(Array.from({ length: LOOPS }, loop));
  }
  server.send('stop');
  const [{ applied }] = await once(server, 'message');
  await client.close();
  const lost = failures.filter((id) => !applied[id]).length;
  const twice = Object.values(applied).filter((times) => times > 1).length;
  return { sent, lost, failed: failures.length - lost, twice };
}

async function main(args) {
  const usage = 'usage: npm run bench:lost -- [--posts=<n>]';
  const { help, posts } = readOptions(args, { usage, numbers: { posts: 2000 } });
  if (help) return print(usage);
  const rows = [];
  for (const scenario of NAMES) {
    for (const name of Object.keys(CLIENTS)) {
      const size = scenario.includes('idle') ? Math.min(posts, 200) : posts;
      rows.push({ 'the server ends': scenario, client: name, ...(await measure(scenario, name, size)) });
    }
  }
  console.table(rows);
}

if (require.main === module) runProgram(main);

module.exports = { measure };
