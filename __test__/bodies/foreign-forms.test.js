'use strict';

// Forms, Blobs and Files of other packages and realms. They are known by their tags and methods, because `instanceof` knows
// Node's own classes only; and `new Blob` would write "[object File]" for a file of another class.

const axios = require('axios');
const { randomBytes } = require('node:crypto');
const { Readable } = require('node:stream');
const undici = require('undici');
const { axiosAdapter } = require('../../lib/axios.js');
const { tokenInterceptor } = require('../../lib/undici.js');
const { LATE, TRANSPORTS, closeServers, rotating, serveAndKeep, sha256, wholeOf } = require('./support.js');

afterEach(closeServers);

/** Like the Blob of fetch-blob: of no class of Node's, and read in slices. */
class PackageBlob {
  #bytes;

  constructor(bytes, type = '') {
    this.#bytes = bytes;
    this.type = type;
  }

  get size() {
    return this.#bytes.length;
  }

  get [Symbol.toStringTag]() {
    return 'Blob';
  }

  slice(start, end) {
    return new PackageBlob(this.#bytes.subarray(start, end), this.type);
  }

  async arrayBuffer() {
    return new Uint8Array(this.#bytes).buffer;
  }

  stream() {
    return new Blob([this.#bytes]).stream();
  }
}

class PackageFile extends PackageBlob {
  constructor(bytes, name, type) {
    super(bytes, type);
    this.name = name;
  }

  get [Symbol.toStringTag]() {
    return 'File';
  }
}

/** A file that a program makes of what it has. */
const fileLike = (bytes, methods) => ({
  [Symbol.toStringTag]: 'File',
  name: 'a.bin',
  type: 'a/b',
  size: bytes.length,
  ...methods,
});

const FILES = {
  'of a package': (bytes) => new PackageFile(bytes, 'a.bin', 'a/b'),
  'with a web stream alone': (bytes) => fileLike(bytes, { stream: () => new Blob([bytes]).stream() }),
  'with a stream of Node alone': (bytes) =>
    fileLike(bytes, { stream: () => Readable.from([bytes], { objectMode: false }) }),
  'with a generator alone': (bytes) =>
    fileLike(bytes, {
      async *stream() {
        yield bytes;
      },
    }),
  'with arrayBuffer alone': (bytes) =>
    fileLike(bytes, { arrayBuffer: async () => new Uint8Array(bytes).buffer }),
  'of unknown size': (bytes) =>
    fileLike(bytes, { size: undefined, stream: () => new Blob([bytes]).stream() }),
};

/** Like the FormData of formdata-polyfill. */
class PackageForm {
  #entries = [];

  append(...entry) {
    this.#entries.push(entry);
  }

  *[Symbol.iterator]() {
    yield* this.#entries;
  }

  get [Symbol.toStringTag]() {
    return 'FormData';
  }
}

function formOf(...entries) {
  const form = new PackageForm();
  for (const entry of entries) form.append(...entry);
  return form;
}

/** What a parser that is not ours makes of it. */
async function entriesOf({ headers, bytes }) {
  const form = await new Response(bytes, {
    headers: { 'content-type': headers['content-type'] },
  }).formData();
  const entries = [...form].map(async ([name, value]) =>
    typeof value === 'string'
      ? [name, value]
      : [name, value.name, value.type, sha256(Buffer.from(await value.arrayBuffer()))],
  );
  return Promise.all(entries);
}

const WAYS = {
  'client.post': (client, url, body) => client.post(url, body),
  'client.fetch': (client, url, body) => client.fetch(url, { method: 'POST', body }),
  axios: (client, url, body) => axios.post(url, body, { adapter: axiosAdapter(client) }),
  undici: async (client, url, body) => {
    const dispatcher = new undici.Agent().compose(tokenInterceptor(client));
    const answer = await undici.request(url, { method: 'POST', body, dispatcher });
    await answer.body.text();
    return answer;
  },
};

describe.each(Object.keys(WAYS))('%s', (way) => {
  test.each(Object.keys(FILES))('a file %s arrives, and again after a rotation', async (kind) => {
    const server = await serveAndKeep('http/1.1', LATE);
    const bytes = randomBytes(300_000);
    const body = formOf(['text', 'ü\n'], ['file', FILES[kind](bytes)], ['last', 'last']);
    const answer = await WAYS[way](rotating(server), `${server.url}/`, body);
    expect(answer.statusCode ?? answer.status).toBe(200);
    expect(server.seen.map(({ refused }) => refused)).toEqual([true, false]);
    const [first, second] = server.seen;
    expect(second.bytes.equals(first.bytes)).toBe(true);
    const length = kind === 'of unknown size' ? undefined : String(second.bytes.length);
    expect(second.headers['content-length']).toBe(length);
    expect(await entriesOf(second)).toEqual([
      ['text', 'ü\r\n'],
      ['file', 'a.bin', 'a/b', sha256(bytes)],
      ['last', 'last'],
    ]);
  });
});

describe.each(TRANSPORTS)('%s', (transport) => {
  test.each(Object.keys(FILES))('a file %s that is a body itself arrives', async (kind) => {
    const server = await serveAndKeep(transport, LATE);
    const bytes = randomBytes(300_000);
    expect(await rotating(server).post('/', FILES[kind](bytes))).toMatchObject({ status: 200, replays: 1 });
    for (const { bytes: sent, headers } of server.seen) {
      expect(sent.equals(bytes)).toBe(true);
      expect(headers['content-type']).toBe('a/b');
    }
  });

  test('a file of Node’s, and a Blob without a name, in a foreign form', async () => {
    const server = await serveAndKeep(transport, LATE);
    const body = formOf(
      ['node', new File(['content'], 'n.txt', { type: 'text/plain' })],
      ['blob', new PackageBlob(Buffer.from('content'))],
    );
    await rotating(server).post('/', body);
    expect(await entriesOf(server.seen[1])).toEqual([
      ['node', 'n.txt', 'text/plain', sha256('content')],
      ['blob', 'blob', 'application/octet-stream', sha256('content')],
    ]);
  });

  test('a name or type of such a file adds no header', async () => {
    const server = await serveAndKeep(transport, LATE);
    const evil = 'a"\r\ncontent-type: text/evil\r\n\r\nevil';
    const file = new PackageFile(Buffer.from('content'), evil, evil);
    await rotating(server).post('/', formOf(['file', file]));
    await rotating(server).post('/', file);
    expect(await entriesOf(server.seen[1])).toEqual([
      ['file', evil, 'application/octet-stream', sha256('content')],
    ]);
    expect(server.seen[3].headers['content-type']).toBeUndefined();
  });

  test('a file that fails fails the request, and is not sent in part as if it were whole', async () => {
    const server = await serveAndKeep(transport, LATE);
    const failing = fileLike(Buffer.alloc(9), {
      async *stream() {
        yield Buffer.alloc(4);
        throw new RangeError('of the file');
      },
    });
    for (const body of [failing, formOf(['file', failing])]) {
      const error = await rotating(server)
        .post('/', body)
        .catch((reason) => reason);
      expect(error).toMatchObject({ code: 'ERR_BODY_FAILED', cause: { message: 'of the file' } });
    }
    expect(await wholeOf(server.seen)).toEqual([]);
  });

  test.each([
    ['in a form', (file) => formOf(['file', file])],
    ['as a body', (file) => file],
  ])('a file that cannot be read is refused by name %s', async (_where, make) => {
    const server = await serveAndKeep(transport, LATE);
    const file = { [Symbol.toStringTag]: 'File', name: 'a.bin', type: '', size: 7 };
    const error = await rotating(server)
      .post('/', make(file))
      .catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(/^body/) });
    expect(server.seen).toEqual([]);
  });
});
