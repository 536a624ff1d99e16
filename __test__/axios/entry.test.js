'use strict';

// What programs load.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const run = promisify(execFile);
const root = path.join(__dirname, '..', '..');

async function program(...args) {
  const { stdout } = await run(process.execPath, args, { cwd: root, env: { ...process.env } });
  return stdout.trim();
}

test('loads axios only when it is needed', async () => {
  const script = `require('./lib/axios.js');
    const loaded = Object.keys(require.cache).filter((name) => /node_modules.axios/.test(name));
    console.log(loaded.length);`;
  expect(await program('-e', script)).toBe('0');
});

test('can be imported by name', async () => {
  const script = `import { RefreshTimeoutError, axiosAdapter, createTokenRotator, installAuthRefresh, setAuthHeaders } from 'token-rotator/axios';
    import axios from 'axios';
    const { api } = createTokenRotator({ axiosInstance: axios.create(), onRefreshSuccess: () => 'a' });
    console.log([axiosAdapter, installAuthRefresh, setAuthHeaders, api.get].every((each) => typeof each === 'function'), new RefreshTimeoutError().name);`;
  expect(await program('--input-type=module', '-e', script)).toBe('true RefreshTimeoutError');
});

test('RefreshTimeoutError is the class of the main entry', () => {
  const { RefreshTimeoutError } = require('../../index.js');
  expect(require('../../lib/axios.js').RefreshTimeoutError).toBe(RefreshTimeoutError);
  expect(new RefreshTimeoutError()).toMatchObject({ message: 'Refresh timeout', retryable: true });
  expect(new RefreshTimeoutError('late').message).toBe('late');
});

test('the types are those of the oldest axios too', async () => {
  const dir = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'token-rotator-'));
  const compilerOptions = {
    ...{
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
    },
    typeRoots: [path.join(root, 'node_modules', '@types')],
    paths: { axios: [path.join(root, 'node_modules', 'axios-1.0', 'index.d.ts')] },
  };
  const project = { compilerOptions, files: [path.join(root, 'axios.d.ts')] };
  await fs.promises.writeFile(path.join(dir, 'tsconfig.json'), JSON.stringify(project));
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  expect(await program(tsc, '-p', dir).catch(({ stdout }) => stdout)).toBe('');
  await fs.promises.rm(dir, { recursive: true });
});

test('both files of types are the same', () => {
  const [one, other] = ['axios.d.ts', 'axios.d.mts'].map((name) =>
    fs.readFileSync(path.join(root, name), 'utf8'),
  );
  expect(other).toBe(one);
});
