'use strict';

// Builds the binary that is published, and puts it into dist/: `node .ci/package/build.js [--target TRIPLE]`. For Linux, zig links
// it, because a linker of this machine would ask for this machine's glibc. With AUDITABLE=1 the binary names its crates
// (`cargo install cargo-auditable`).

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { GLIBC_FLOOR, chosenTarget } = require('./targets.js');

const ROOT = path.join(__dirname, '../..');
const VENV = path.join(ROOT, 'target', 'zig');
const PACKAGES = ['cargo-zigbuild==0.24.0', 'ziglang==0.15.2'];

function main(argv) {
  const target = chosenTarget(argv);
  const env = { ...process.env, ...flags(target) };
  const cargo = target.os === 'linux' ? zig(target, env) : ['build', '--target', target.triple];
  const auditable = process.env.AUDITABLE ? ['auditable'] : [];
  run('cargo', [...auditable, ...cargo, '--release', '--package', 'token-rotator', '--locked'], env);
  const built = path.join(ROOT, 'target', target.triple, 'release', library(target));
  fs.mkdirSync(path.join(ROOT, 'dist'), { recursive: true });
  fs.copyFileSync(built, path.join(ROOT, 'dist', `token-rotator.${target.name}.node`));
}

/** musl: Node brings libc, and a second one in the addon would crash. Windows: the addon brings Microsoft's runtime, which may be missing there. */
function flags({ os, libc }) {
  if (libc === 'musl') return { RUSTFLAGS: '-C target-feature=-crt-static' };
  if (os === 'win32') return { RUSTFLAGS: '-C target-feature=+crt-static' };
  return {};
}

function zig({ triple, libc }, env) {
  const bin = path.join(VENV, 'bin');
  if (!fs.existsSync(path.join(bin, 'cargo-zigbuild'))) {
    run('python3', ['-m', 'venv', VENV], env);
    run(path.join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES], env);
  }
  env.PATH = `${bin}${path.delimiter}${env.PATH}`;
  return ['zigbuild', '--target', libc === 'glibc' ? `${triple}.${GLIBC_FLOOR}` : triple];
}

function library({ os }) {
  if (os === 'win32') return 'token_rotator.dll';
  return os === 'darwin' ? 'libtoken_rotator.dylib' : 'libtoken_rotator.so';
}

function run(command, args, env) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`);
}

main(process.argv.slice(2));
