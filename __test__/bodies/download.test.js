'use strict';

// What a server sends is what its reader gets, byte for byte, however it is framed, coded and read.

const { once } = require('node:events');
const fs = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { FRAMINGS, send } = require('./answers.js');
const { fileOf, removeFiles } = require('./kinds.js');
const { KIB, MIB, SIZES, TRANSPORTS, closeServers, connect, serve, sha256, textOf } = require('./support.js');

afterEach(closeServers);
afterAll(removeFiles);
jest.setTimeout(60_000);

/** With a buffer of its own for each read, of a size that divides no body. */
async function readByob(response) {
  if (response.body === null) return Buffer.alloc(0);
  const reader = response.body.getReader({ mode: 'byob' });
  const chunks = [];
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(10_007));
    if (done) return Buffer.concat(chunks);
    expect(value.byteLength).toBeGreaterThan(0);
    chunks.push(value);
  }
}

async function readAll(response) {
  const chunks = [];
  for await (const chunk of response.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readToFile(response) {
  const path = fileOf('');
  await pipeline(response.body ?? [], fs.createWriteStream(path));
  return fs.readFileSync(path);
}

/** Each gives the bytes it got. */
const READERS = {
  'for await': readAll,
  byob: readByob,
  'pipeline to a file': readToFile,
  text: async (response) => Buffer.from(await response.text()),
  json: async (response) => Buffer.from(JSON.stringify(await response.json())),
  bytes: async (response) => Buffer.from(await response.bytes()),
  arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()),
};

/** JSON of so many bytes; there is none of none. */
const jsonOf = (size) => Buffer.from(size < 2 ? '7'.repeat(size) : JSON.stringify(textOf(size - 2)));

describe.each(TRANSPORTS)('%s', (transport) => {
  describe.each(Object.entries(FRAMINGS))('%s', (_name, frame) => {
    test.each(Object.entries(READERS))('%s', async (name, read) => {
      let bytes;
      const server = await serve(transport, (_request, response) => send(response, frame(bytes)));
      const client = connect(server);
      for (const size of SIZES.slice(name === 'json' ? 1 : 0)) {
        bytes = jsonOf(size);
        const response = await client.get('/');
        expect([size, sha256(await read(response))]).toEqual([size, sha256(bytes)]);
        expect(response.headers.has('content-encoding')).toBe(false);
      }
    });
  });

  test.each([
    ['for await', 'in parts'],
    ['byob', 'with its length'],
    ['pipeline to a file', 'as gzip in parts'],
    ['bytes', 'in parts'],
  ])('64 MiB: %s, %s', async (name, framing) => {
    const bytes = jsonOf(64 * MIB);
    const server = await serve(transport, (_request, response) => send(response, FRAMINGS[framing](bytes)));
    expect(sha256(await READERS[name](await connect(server).get('/')))).toBe(sha256(bytes));
  });

  test.each(Object.entries(READERS))('while it is still being sent: %s', async (_name, read) => {
    const bytes = jsonOf(100 * KIB);
    const server = await serve(transport, async (_request, response) => {
      response.write(bytes.subarray(0, 1000));
      // Not before the client has the answer.
      await once(server.server, 'go on');
      response.write(bytes.subarray(1000, 50_000));
      response.end(bytes.subarray(50_000));
    });
    const response = await connect(server).get('/');
    const pending = read(response);
    server.server.emit('go on');
    expect(sha256(await pending)).toBe(sha256(bytes));
  });

  test('the first part can be read before the second is sent', async () => {
    const server = await serve(transport, async (_request, response) => {
      for (const part of ['first', 'second']) {
        response.write(part);
        await once(server.server, 'go on');
      }
      response.end();
    });
    const parts = [];
    for await (const part of (await connect(server).get('/')).body) {
      parts.push(Buffer.from(part).toString());
      server.server.emit('go on');
    }
    expect(parts).toEqual(['first', 'second']);
  });

  describe('a body that is on its way', () => {
    const serveLarge = () =>
      serve(transport, (_request, response) => send(response, FRAMINGS['in parts'](jsonOf(MIB))));

    test('once received, can be read again, in any form', async () => {
      const response = await connect(await serveLarge()).get('/');
      const [text, again] = await Promise.all([response.text(), response.text()]);
      expect(again).toBe(text);
      for (const read of Object.values(READERS)) {
        expect(sha256(await read(response))).toBe(sha256(jsonOf(MIB)));
      }
    });

    test('that turns out empty can be read again with a buffer of the reader’s', async () => {
      let end;
      const server = await serve(transport, (_request, response) => {
        response.writeHead(200).flushHeaders();
        end = () => response.end();
      });
      const response = await connect(server).get('/');
      const text = response.text();
      end();
      expect(await text).toBe('');
      expect(await readByob(response)).toHaveLength(0);
    });

    test('taken as a stream, is nothing else any more', async () => {
      const response = await connect(await serveLarge()).get('/');
      const { body } = response;
      expect(response.body).toBe(body);
      for (const form of ['json', 'text', 'bytes', 'arrayBuffer']) {
        await expect(response[form]()).rejects.toThrow(TypeError);
      }
      expect(sha256(await readAll(response))).toBe(sha256(jsonOf(MIB)));
    });

    test('is received up to maxResponseSize, and streamed beyond it', async () => {
      const server = await serveLarge();
      const client = connect(server, { maxResponseSize: MIB - 1 });
      for (const form of ['text', 'bytes']) {
        const error = await (await client.get('/'))[form]().catch((reason) => reason);
        expect(error).toMatchObject({ code: 'ERR_TOO_LARGE', retryable: false });
      }
      expect(sha256(await readAll(await client.get('/')))).toBe(sha256(jsonOf(MIB)));
      await expect((await connect(server, { maxResponseSize: MIB }).get('/')).text()).resolves.toHaveLength(
        jsonOf(MIB).toString().length,
      );
    });

    test('can be cloned by tee, and both halves are whole', async () => {
      const { body } = await connect(await serveLarge()).get('/');
      const halves = await Promise.all(body.tee().map((half) => readAll({ body: half })));
      expect(halves.map(sha256)).toEqual(Array(2).fill(sha256(jsonOf(MIB))));
    });
  });
});
