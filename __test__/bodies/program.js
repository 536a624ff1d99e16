'use strict';

// Programs that have a body under way when they end, when they collect garbage, or when they are measured. Their settings
// are those of `lifecycle/programs/program.js`, and `options` for their client.

const { Readable } = require('node:stream');
const { connect, report, settings, told } = require('../lifecycle/programs/program.js');
const { flood } = require('./answers.js');
const { MIB, serve } = require('./support.js');

const open = () => connect({ timeout: 120_000, ...settings.options });

const BLOCK = 64 * 1024;

async function* blocks(size, progress) {
  for (let left = size; left > 0; left -= BLOCK) {
    yield Buffer.alloc(BLOCK);
    progress(BLOCK);
  }
}

/** Ways to carry `size` bytes; each tells its `progress` and gives what arrived on the other side. */
const CARRIERS = {
  generator: async (client, size, progress) =>
    Number(await (await client.post('/count', blocks(size, progress))).text()),
  'Node stream': async (client, size, progress) =>
    Number(await (await client.post('/count', Readable.from(blocks(size, progress)))).text()),
  async body(client, size, progress) {
    let carried = 0;
    for await (const { byteLength } of (await client.get(`/${size}`)).body) {
      carried += byteLength;
      progress(byteLength);
    }
    return carried;
  },
  async byob(client, size, progress) {
    let carried = 0;
    const reader = (await client.get(`/${size}`)).body.getReader({ mode: 'byob' });
    for (let buffer = new ArrayBuffer(BLOCK), part; ; buffer = part.value.buffer) {
      part = await reader.read(new Uint8Array(buffer));
      if (part.done) return carried;
      carried += part.value.byteLength;
      progress(part.value.byteLength);
    }
  },
};

const programs = {
  /** Ends by itself: nobody reads the body. */
  async unread() {
    const { status } = await open().get('/flood');
    return { status };
  },

  /** The same, with some of it read. */
  async partlyRead() {
    const { status, body } = await open().get('/flood');
    const { value } = await body.getReader().read();
    return { status, some: value.byteLength > 0 };
  },

  /** Is kept running by a read. */
  async reading() {
    const reader = (await open().get('/held')).body.getReader();
    await reader.read();
    const pending = reader.read();
    process.send('reading');
    return { second: Buffer.from((await pending).value).toString(), done: (await reader.read()).done };
  },

  async collecting() {
    const pending = (await open().get('/held')).text();
    process.send('reading');
    return { text: await pending };
  },

  /** Drops responses, some of them partly read, and collects garbage until the server has noticed. */
  async garbage() {
    const client = open();
    // A function of its own: a variable here would keep the last one.
    const drop = async (read) => {
      const { body } = await client.get('/flood');
      if (read) await body.getReader().read();
    };
    for (let index = 0; index < settings.count; index += 1) await drop(index % 2 === 0);
    let noticed = false;
    told().then(() => (noticed = true));
    while (!noticed) {
      globalThis.gc();
      await new Promise(setImmediate);
    }
    return { status: (await client.get('/ping')).status };
  },

  /** How much memory it takes to carry `size` bytes. */
  async memory() {
    const client = open();
    const carry = CARRIERS[settings.kind];
    await carry(client, MIB, () => {});
    const baseline = rss();
    let peak = 0;
    let carried = 0;
    const progress = (bytes) => {
      const before = carried;
      carried += bytes;
      if (Math.floor(before / SAMPLED) < Math.floor(carried / SAMPLED)) peak = Math.max(peak, rss());
    };
    const started = performance.now();
    const arrived = await carry(client, settings.size, progress);
    return { arrived, grown: peak - baseline, ms: Math.round(performance.now() - started) };
  },

  /** The server of the one above, told to nobody but the test. */
  async server() {
    const { url, options } = await serve(settings.transport, (request, response) => {
      if (request.method === 'GET') return flood(request, response, Number(request.url.slice(1)));
      let size = 0;
      request.on('data', (chunk) => (size += chunk.length)).on('end', () => response.end(String(size)));
    });
    process.send({ url, options });
    await new Promise(() => {});
  },
};

/** How often memory is looked at: once for so many bytes. */
const SAMPLED = 8 * MIB;

/** Node lets tens of megabytes of dead buffers lie before it collects them. What is asked here is what is held. */
function rss() {
  globalThis.gc();
  return process.memoryUsage.rss();
}

if (require.main === module) programs[settings.does]().then(report);
