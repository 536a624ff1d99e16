'use strict';

// The package managers that have to install the packages, in versions that are installed into target/managers. Of npm, the one
// that is here.

const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync } = require('node:fs');
const path = require('node:path');

const HOME = path.join(__dirname, '../../target/managers');

/**
 * `fetched`: the package that holds the manager, and the file in it. `settings`: files of a project that tell the manager of the
 * registry. `install`: its arguments; the caches are empty, so that nothing comes from an earlier run.
 */
const MANAGERS = [
  {
    name: 'npm',
    settings: (registry) => ({ '.npmrc': `registry=${registry}\naudit=false\nfund=false\n` }),
    install: (cache) => ['install', '--cache', cache, 'token-rotator'],
  },
  {
    name: 'pnpm',
    fetched: ['pnpm@10.34.8', 'bin/pnpm.cjs'],
    settings: (registry, cache) => ({
      '.npmrc': `registry=${registry}\n`,
      'pnpm-workspace.yaml': `storeDir: ${cache}\ncacheDir: ${cache}\nminimumReleaseAge: 0\n`,
    }),
    install: () => ['add', 'token-rotator'],
  },
  {
    name: 'yarn 1',
    fetched: ['yarn@1.22.22', 'bin/yarn.js'],
    settings: (registry) => ({ '.npmrc': `registry=${registry}\n`, '.yarnrc': `registry "${registry}"\n` }),
    install: (cache) => ['add', '--cache-folder', cache, 'token-rotator'],
  },
  {
    name: 'yarn',
    fetched: ['@yarnpkg/cli-dist@4.18.1', 'bin/yarn.js'],
    settings: (registry, cache) => ({
      '.yarnrc.yml': [
        `npmRegistryServer: ${registry}`,
        'unsafeHttpWhitelist: ["127.0.0.1"]',
        'enableTelemetry: false',
        `globalFolder: ${cache}`,
        'npmMinimalAgeGate: 0',
        'nodeLinker: pnp',
        'pnpEnableEsmLoader: true',
      ].join('\n'),
      'yarn.lock': '',
    }),
    install: () => ['add', 'token-rotator'],
    // Plug'n'Play has no node_modules: yarn tells Node where the packages are.
    node: ['node'],
  },
  {
    name: 'bun',
    fetched: ['@oven/bun-linux-x64@1.4.4', 'bin/bun'],
    settings: (registry, cache) => ({
      'bunfig.toml': `[install]\nregistry = "${registry}"\n[install.cache]\ndir = "${cache}"\n`,
    }),
    install: () => ['add', 'token-rotator'],
  },
];

/** The program and first arguments that run a manager, which is installed if it is not there yet. */
function commandOf({ fetched }) {
  if (fetched === undefined) return ['npm'];
  const [spec, file] = fetched;
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const prefix = path.join(HOME, spec.replaceAll('/', '+'));
  const program = path.join(prefix, 'node_modules', name, file);
  if (!existsSync(program)) {
    mkdirSync(prefix, { recursive: true });
    const flags = [
      '--no-save',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
      '--silent',
      '--ignore-scripts',
    ];
    const { status } = spawnSync('npm', ['install', '--prefix', prefix, ...flags, spec], {
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`${spec} cannot be installed`);
  }
  return /\.c?js$/.test(file) ? [process.execPath, program] : [program];
}

module.exports = { MANAGERS, commandOf };
