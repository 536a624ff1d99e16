'use strict';

// Every block of JavaScript in the pages is compiled, and those that need nothing but this package are run.

const { spawnSync } = require('node:child_process');
const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { ROOT, asFile, blocks, read, runsAlone } = require('./blocks.js');

// Inside the package, so that `token-rotator` is found by its own name. A folder for each process, because two runs may overlap.
const FOLDER = path.join(ROOT, 'target', `doc-blocks-${process.pid}`);

beforeAll(() => mkdirSync(FOLDER, { recursive: true }));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

jest.setTimeout(120_000);

const nameOf = ({ page, line }) => `${page}:${line}`;
const fileOf = (block, ext) => `${nameOf(block).replace(/[^a-z0-9]+/gi, '-')}${ext}`;

const SETTINGS = {
  compilerOptions: {
    ...{ target: 'es2023', lib: ['es2023', 'esnext.disposable'], module: 'nodenext', noEmit: true },
    ...{ types: ['node'], allowJs: true, checkJs: true, strict: true, noImplicitAny: false },
    ...{ skipLibCheck: true, useUnknownInCatchVariables: false, moduleDetection: 'force' },
  },
  include: ['*', path.join(__dirname, '*.d.ts')],
};

test('every block compiles', () => {
  const all = blocks();
  expect(all.length).toBeGreaterThan(30);
  for (const block of all) {
    const { ext, text } = asFile(block);
    writeFileSync(path.join(FOLDER, fileOf(block, ext)), text);
  }
  writeFileSync(path.join(FOLDER, 'tsconfig.json'), JSON.stringify(SETTINGS));
  const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc');
  const { stdout, stderr } = spawnSync(tsc, ['-p', FOLDER], { encoding: 'utf8' });
  expect(stdout + stderr).toBe('');
});

test.each(
  blocks()
    .filter(runsAlone)
    .map((block) => [nameOf(block), block]),
)('%s runs as it stands', (_, block) => {
  const file = path.join(FOLDER, `run-${fileOf(block, /^import /m.test(block.code) ? '.mjs' : '.js')}`);
  writeFileSync(file, block.code);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // The page says what the program prints.
  expect(stdout).not.toBe('');
  expect(read(block.page)).toContain(`\`${stdout.trim()}\``);
});
