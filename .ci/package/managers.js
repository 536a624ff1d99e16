'use strict';

// The package managers that have to install the packages, in pinned versions. Of npm, the one that is here.

const path = require('node:path');
const { fetched } = require('../runtimes/fetched.js');
const { BUN } = require('../runtimes/versions.js');

/**
 * `from`: the package that holds the manager, its integrity, and the file in it. `settings`: files of a project that tell the manager
 * of the registry. `install`: its arguments; the caches are empty, so that nothing comes from an earlier run.
 */
const MANAGERS = [
  {
    name: 'npm',
    settings: (registry) => ({ '.npmrc': `registry=${registry}\naudit=false\nfund=false\n` }),
    install: (cache) => ['install', '--cache', cache, 'token-rotator'],
  },
  {
    name: 'pnpm',
    from: [
      'pnpm@10.34.8',
      'sha512-9ieo6XE0Ov5J39D2PQKCNCAd+oMdXLWIcz4eX42ya/FpiaMhYatcG02zsf28NzFgYGtbieAC323RmoWt+R/FqA==',
      'bin/pnpm.cjs',
    ],
    settings: (registry, cache) => ({
      '.npmrc': `registry=${registry}\n`,
      'pnpm-workspace.yaml': `storeDir: ${cache}\ncacheDir: ${cache}\nminimumReleaseAge: 0\n`,
    }),
    install: () => ['add', 'token-rotator'],
  },
  {
    name: 'yarn 1',
    from: [
      'yarn@1.22.22',
      'sha512-prL3kGtyG7o9Z9Sv8IPfBNrWTDmXB4Qbes8A9rEzt6wkJV8mUvoirjU0Mp3GGAU06Y0XQyA3/2/RQFVuK7MTfg==',
      'bin/yarn.js',
    ],
    settings: (registry) => ({ '.npmrc': `registry=${registry}\n`, '.yarnrc': `registry "${registry}"\n` }),
    install: (cache) => ['add', '--cache-folder', cache, 'token-rotator'],
  },
  {
    name: 'yarn',
    from: [
      '@yarnpkg/cli-dist@4.18.1',
      'sha512-EH+A4TxAtBWXKE0DGQxW9Bo9crXHLJ73mfxjTQJuv8XonNWWTpei8BQ5JjczHJNU9GROTycwMFn8iOvRIZXUcA==',
      'bin/yarn.js',
    ],
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
    from: [...BUN, 'bin/bun'],
    settings: (registry, cache) => ({
      'bunfig.toml': `[install]\nregistry = "${registry}"\n[install.cache]\ndir = "${cache}"\n`,
    }),
    install: () => ['add', 'token-rotator'],
  },
];

/** The program and first arguments that run a manager, which is fetched if it is not there yet. */
function commandOf({ from }) {
  if (from === undefined) return ['npm'];
  const [spec, integrity, file] = from;
  const program = path.join(fetched(spec, integrity), file);
  return /\.c?js$/.test(file) ? [process.execPath, program] : [program];
}

module.exports = { MANAGERS, commandOf };
