'use strict';

// Which files a program loads, and when. Each costs `require` a quarter of a millisecond: docs/decisions/start.md.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const run = promisify(execFile);
const ROOT = path.join(__dirname, '..', '..');

/** Of lib/, in a process of its own: jest loads files in its own way. `steps` run before the files are listed. */
async function loadedAfter(steps) {
  const script = `
    const path = require('node:path');
    const { once } = require('node:events');
    const { TokenClient } = require('./index.js');
    const lib = path.resolve('lib') + path.sep;
    async function connected() {
      const http = require('node:http');
      const server = http.createServer((request, response) => request.resume().on('end', () => response.end('{}')));
      await once(server.listen(0, '127.0.0.1').unref(), 'listening');
      const baseURL = \`http://127.0.0.1:\${server.address().port}\`;
      return new TokenClient({ baseURL, tokens: { accessToken: 'a' }, refresh: () => null });
    }
    async function main() {
      ${steps}
      const files = Object.keys(require.cache).filter((file) => file.startsWith(lib));
      console.log(JSON.stringify(files.map((file) => file.slice(lib.length).replaceAll(path.sep, '/')).sort()));
      process.exit();
    }
    main();`;
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: ROOT });
  return JSON.parse(stdout);
}

test('require loads only what every request needs', async () => {
  expect(await loadedAfter('')).toEqual([
    'client.js',
    'clock.js',
    'crossing/abort.js',
    'crossing/addon.js',
    'crossing/environment.js',
    'crossing/native-answer.js',
    'crossing/native-errors.js',
    'crossing/native-request.js',
    'crossing/table.js',
    'errors.js',
    'foreign-header.js',
    'options/request.js',
    'response/response.js',
  ]);
});

test('a GET without options loads no more than its client', async () => {
  const made = await loadedAfter('await connected();');
  expect(made).toContain('tracing/channels.js');
  const got = await loadedAfter("const client = await connected(); await (await client.get('/')).json();");
  expect(got).toEqual(made);
});

test('only a body that is read while it is sent loads uploads', async () => {
  const text = await loadedAfter("await (await connected()).post('/', 'text');");
  expect(text).toContain('body/read.js');
  expect(text).not.toContain('body/uploads.js');
  const stream = await loadedAfter(
    "await (await connected()).post('/', (async function* () { yield 'a'; })());",
  );
  expect(stream).toContain('body/uploads.js');
});
