'use strict';

// FormData, read on the server's side by a parser that is not ours: the one of Node's own Response.

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { fileOf, removeFiles } = require('./kinds.js');
const {
  LATE,
  SIZES,
  TRANSPORTS,
  closeServers,
  rotating,
  serveAndKeep,
  sha256,
  wholeOf,
} = require('./support.js');

afterEach(closeServers);
afterAll(removeFiles);
jest.setTimeout(30_000);

const parsed = ({ headers, bytes }) =>
  new Response(bytes, { headers: { 'content-type': headers['content-type'] } }).formData();

/** What can be compared: text as it is, a file by its name, type and hash. */
async function entriesOf(form) {
  const entries = [...form].map(async ([name, value]) => {
    if (typeof value === 'string') return [name, value];
    return [name, value.name, value.type, sha256(Buffer.from(await value.arrayBuffer()))];
  });
  return Promise.all(entries);
}

const form = (...entries) => {
  const made = new FormData();
  for (const entry of entries) made.append(...entry);
  return made;
};

const NAMES = [
  'plain',
  '',
  'a b',
  'grüße 🦀',
  'quo"ted',
  'back\\slash',
  'semi; colon="x"',
  'line\r\nbreak',
  'x"\r\ncontent-type: text/evil\r\n\r\nevil',
  '../../etc/passwd',
  "it's 100%",
];

const VALUES = [
  '',
  ' blanks ',
  'two\r\nlines\r\n',
  '\r\n\r\n',
  '--\r\n--token-rotator-\r\n--token-rotator---\r\n',
  'grüße 🦀 \0',
];

describe.each(TRANSPORTS)('%s', (transport) => {
  test.each(NAMES)('a name and a file name that is %j', async (name) => {
    const server = await serveAndKeep(transport, LATE);
    const file = new File(['content'], name, { type: 'text/plain' });
    await rotating(server).post('/', form([name, 'value'], ['file', file], [name, file, name]));
    const wanted = [
      [name, 'value'],
      ['file', name, 'text/plain', sha256('content')],
      [name, name, 'text/plain', sha256('content')],
    ];
    expect(server.seen).toHaveLength(2);
    for (const seen of server.seen) expect(await entriesOf(await parsed(seen))).toEqual(wanted);
  });

  test.each(VALUES)('a value and a file that is %j', async (value) => {
    const server = await serveAndKeep(transport, LATE);
    const body = form(['text', value], ['file', new Blob([value])], ['last', 'last']);
    await rotating(server).post('/', body);
    const wanted = [
      ['text', value],
      ['file', 'blob', 'application/octet-stream', sha256(value)],
      ['last', 'last'],
    ];
    expect(server.seen).toHaveLength(2);
    for (const seen of server.seen) expect(await entriesOf(await parsed(seen))).toEqual(wanted);
  });

  test('line breaks of names and values are sent as forms send them, those of files as they are', async () => {
    const server = await serveAndKeep(transport, LATE);
    const file = new File(['a\nb\rc'], 'f\ni\rl\r\ne');
    await rotating(server).post('/', form(['n\na\rm\r\ne', 'v\na\rl\r\nue'], ['file', file]));
    expect(await entriesOf(await parsed(server.seen[0]))).toEqual([
      ['n\r\na\r\nm\r\ne', 'v\r\na\r\nl\r\nue'],
      ['file', 'f\ni\rl\r\ne', 'application/octet-stream', sha256('a\nb\rc')],
    ]);
  });

  test('what Node’s own fetch would send is read the same', async () => {
    const server = await serveAndKeep(transport, LATE);
    const body = form(
      ...NAMES.map((name) => [name, 'a\nb']),
      // Without a name, its own serialiser makes a file a text.
      ...NAMES.filter(Boolean).map((name) => ['file', new File(['a\nb'], name)]),
      ...VALUES.map((value) => ['value', value]),
    );
    await rotating(server).post('/', body);
    const oracle = await new Response(body).formData();
    expect(await entriesOf(await parsed(server.seen[0]))).toEqual(await entriesOf(oracle));
  });

  test.each(SIZES)(
    'files of %i bytes, in memory and on disk, arrive, and again after a rotation',
    async (size) => {
      const server = await serveAndKeep(transport, LATE);
      const [memory, disk] = [randomBytes(size), randomBytes(size)];
      const body = form(
        ['memory', new Blob([memory])],
        ['disk', await fs.openAsBlob(fileOf(disk)), 'disk.bin'],
      );
      expect(await rotating(server).post('/', body)).toMatchObject({ status: 200, replays: 1 });
      const wanted = [
        ['memory', 'blob', 'application/octet-stream', sha256(memory)],
        ['disk', 'disk.bin', 'application/octet-stream', sha256(disk)],
      ];
      const [first, second] = server.seen;
      expect(second.bytes.equals(first.bytes)).toBe(true);
      expect(await entriesOf(await parsed(second))).toEqual(wanted);
      expect(second.headers['content-length']).toBe(String(second.bytes.length));
    },
  );

  test('an empty one is a whole form', async () => {
    const server = await serveAndKeep(transport, LATE);
    await rotating(server).post('/', form());
    expect(server.seen[0].headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(server.seen[0].bytes.toString()).toMatch(/^--[^\r\n]+--\r\n$/);
  });

  test('what is put into it after the call is not sent', async () => {
    const server = await serveAndKeep(transport, LATE);
    const body = form(['a', '1']);
    const pending = rotating(server).post('/', body);
    body.set('a', '2');
    await pending;
    for (const seen of server.seen) expect(await entriesOf(await parsed(seen))).toEqual([['a', '1']]);
  });

  test('a file that changed on disk fails the request, and is not sent in part as if it were whole', async () => {
    const server = await serveAndKeep(transport, LATE);
    const path = fileOf(randomBytes(100_000));
    const blob = await fs.openAsBlob(path);
    fs.writeFileSync(path, 'shorter');
    const error = await rotating(server)
      .post('/', form(['file', blob]))
      .catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_BODY_FAILED', cause: expect.anything() });
    expect(await wholeOf(server.seen)).toEqual([]);
  });

  test('one that cannot be iterated is refused by name', async () => {
    const server = await serveAndKeep(transport, LATE);
    // npm's form-data, which axios takes, calls itself so.
    const body = { [Symbol.toStringTag]: 'FormData', pipe() {}, append() {} };
    const error = await rotating(server)
      .post('/', body)
      .catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(/^body/) });
    expect(server.seen).toEqual([]);
  });
});
