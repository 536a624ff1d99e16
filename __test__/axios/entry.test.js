'use strict';

// What programs load.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
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

test('both files of types are the same', () => {
  const [one, other] = ['axios.d.ts', 'axios.d.mts'].map((name) =>
    fs.readFileSync(path.join(root, name), 'utf8'),
  );
  expect(other).toBe(one);
});
