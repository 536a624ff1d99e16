'use strict';

// Programs that esbuild has bundled with this package, alone in a folder. `npm run bundlers` has other bundlers, and what is in
// docs/bundlers.md.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const esbuild = require('esbuild');

const ROOT = path.join(__dirname, '../..');
const [BINARY] = fs.readdirSync(path.join(ROOT, 'native')).filter((name) => name.endsWith('.node'));
const PACKAGE = `token-rotator-${BINARY.split('.')[1]}`;

/** One rotation, with a server of its own. */
const PROGRAM = `
  import { TokenClient } from 'token-rotator';
  import { startAuthServer } from 'token-rotator/testing';
  const server = await startAuthServer();
  const client = new TokenClient({
    baseURL: server.url,
    grant: { type: 'refresh_token', tokenEndpoint: server.tokenEndpoint, clientId: 'bundled' },
    tokens: server.login('ada'),
  });
  server.expire();
  const { status } = await client.get('/api/orders');
  console.log(status, server.ledger.counts.refreshes);
  await client.close();
  await server.close();
`;
/** In an ES module esbuild finds no `require` for Node's modules, unless the program has one. */
const BANNER = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
};

let folder;
beforeEach(() => (folder = fs.mkdtempSync(path.join(tmpdir(), 'bundle-'))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** As the user has it: this package and that of the platform in node_modules. `main`: the platform's addon, or a text instead of one. */
function installed(main) {
  const modules = path.join(folder, 'project/node_modules');
  for (const name of ['index.js', 'package.json', 'lib']) {
    fs.cpSync(path.join(ROOT, name), path.join(modules, 'token-rotator', name), { recursive: true });
  }
  const place = path.join(modules, PACKAGE);
  fs.mkdirSync(place);
  fs.writeFileSync(path.join(place, 'package.json'), JSON.stringify({ main: BINARY }));
  if (main === undefined) fs.symlinkSync(path.join(ROOT, 'native', BINARY), path.join(place, BINARY));
  else fs.writeFileSync(path.join(place, BINARY), main);
}

/** What the bundle prints in a folder where nothing is installed. */
function run(options, { program = PROGRAM, env = {} } = {}) {
  const project = path.join(folder, 'project');
  const outfile = path.join(folder, 'alone', options.format === 'esm' ? 'program.mjs' : 'program.js');
  const stdin = { contents: program, resolveDir: project };
  const settings = { bundle: true, platform: 'node', target: 'node20', logLevel: 'silent' };
  esbuild.buildSync({ ...settings, stdin, absWorkingDir: project, outfile, ...options });
  const { stdout, stderr } = spawnSync(process.execPath, [outfile], {
    encoding: 'utf8',
    cwd: path.dirname(outfile),
    env: { ...process.env, ...env },
  });
  return { stdout, stderr };
}

/** CommonJS knows no `await` at the top. */
const COMMONJS = { program: PROGRAM.replace(/(const server[^]*)/, '(async () => {$1})();') };
const LOAD = {
  program: `
    import('token-rotator').then(
      () => console.log('loaded'),
      ({ code, message }) => console.log(code, message),
    )`,
};
const ADVICE = `this is a bundle without the addon ${PACKAGE}. Leave token-rotator out of the bundle`;

test('a bundle with a copy of the addon runs alone', () => {
  installed();
  const result = run({ format: 'cjs', loader: { '.node': 'copy' } }, COMMONJS);
  expect(result).toEqual({ stdout: '200 1\n', stderr: '' });
});

test('a bundle that is an ES module finds its addon too', () => {
  installed();
  const result = run({ format: 'esm', loader: { '.node': 'copy' }, banner: BANNER });
  expect(result).toEqual({ stdout: '200 1\n', stderr: '' });
});

test('TOKEN_ROTATOR_ADDON is loaded where the `require` of the bundle knows no files', () => {
  installed();
  const env = { TOKEN_ROTATOR_ADDON: path.join(ROOT, 'native', BINARY) };
  const banner = {
    js: '{ const all = require; require = (name) => { if (/\\.node$/.test(name)) throw Error(name); return all(name); } }',
  };
  const result = run({ format: 'cjs', external: ['token-rotator-*'], banner }, { ...COMMONJS, env });
  expect(result).toEqual({ stdout: '200 1\n', stderr: '' });
});

describe('a bundle without the addon says so, and what to do', () => {
  test.each([
    ['if the addon is not installed beside it', { format: 'cjs', external: ['token-rotator-*'] }],
    ['if the bundler put nothing in its place', { format: 'cjs', loader: { '.node': 'empty' } }],
    ['if it is an ES module', { format: 'esm', external: ['token-rotator-*'], banner: BANNER }],
  ])('%s', (_, options) => {
    installed();
    const { stdout } = run(options, LOAD);
    expect(stdout).toContain(`ERR_ADDON_MISSING token-rotator cannot be loaded: ${ADVICE}`);
    expect(stdout).toContain('docs/bundlers.md');
  });

  test('but an addon that is there and fails has its own reason', () => {
    installed('text');
    const { stdout } = run({ format: 'cjs', loader: { '.node': 'copy' } }, LOAD);
    expect(stdout).toContain('ERR_ADDON_FAILED');
    expect(stdout).toContain('its file is damaged, missing, or of another platform');
  });
});
