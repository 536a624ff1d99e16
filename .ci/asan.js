'use strict';

// `npm run asan`: tests under AddressSanitizer, which stops a process that reads or writes memory that is freed or not its own. First the
// engine's tests, then jest's tests of the addon, inside Node. `-- --engine` or `-- --addon` runs one of both; other arguments are then names
// of its tests, as in `npm run asan -- --engine store::redis` and `npm run asan -- --addon __test__/abort`. Linux and gcc; Rust may be stable.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const HOME = path.join(ROOT, 'target', 'asan');
const REPORTS = path.join(HOME, 'reports');
const TRIPLE = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`;

/** Of the engine's tests: they run safe code many thousand times. */
const SLOW_RUST = ['interleavings', 'session::tests::model', 'simulation'];

/** What ends threads and processes, and whatever crosses: bodies, calls of user code, aborts, stores. */
const TESTS = [
  ...[
    'lifecycle',
    'workers',
    'abort',
    'body',
    // Not its test of memory, because AddressSanitizer keeps 256 MB of freed blocks.
    'bodies/(?!memory)',
    'response',
    'rotation',
    'rotate\\.',
    'epochs',
    'retries',
  ],
  ...['callbacks', 'fetch/streams', 'fetch/aborts', 'requests/aborts', 'undici', 'stores/table', 'tracing'],
].map((name) => `__test__/${name}`);

/** C is instrumented too: aws-lc and zstd. */
const BUILD = {
  ...process.env,
  CARGO_TARGET_DIR: HOME,
  RUSTC_BOOTSTRAP: '1',
  RUSTFLAGS: '-Zsanitizer=address',
  [`CFLAGS_${TRIPLE.replaceAll('-', '_')}`]: '-fsanitize=address -fno-omit-frame-pointer',
};

function main(argv) {
  const chosen = argv.filter((argument) => /^--(engine|addon)$/.test(argument));
  const own = argv.filter((argument) => !chosen.includes(argument));
  const wanted = (name) => chosen.length === 0 || chosen.includes(name);
  if (own.length > 0 && chosen.length !== 1)
    throw new Error('names of tests go with --engine or with --addon, because each has names of its own');
  fs.rmSync(REPORTS, { recursive: true, force: true });
  fs.mkdirSync(REPORTS, { recursive: true });
  const passed = [wanted('--engine') ? engine(own) : true, wanted('--addon') ? addon(own) : true];
  const reports = fs.readdirSync(REPORTS).map((name) => fs.readFileSync(path.join(REPORTS, name), 'utf8'));
  for (const report of reports) console.log(report);
  console.log(`${reports.length} reports of AddressSanitizer`);
  process.exitCode = passed.every(Boolean) && reports.length === 0 ? 0 : 1;
}

function engine(names) {
  const skipped = SLOW_RUST.flatMap((name) => ['--skip', name]);
  const cargo = [
    'test',
    '--target',
    TRIPLE,
    '--package',
    'token-rotator-engine',
    '--lib',
    '--',
    ...names,
    ...skipped,
  ];
  return run('cargo', cargo, { ...BUILD, ASAN_OPTIONS: `log_path=${REPORTS}/engine` });
}

function addon(args) {
  const cargo = ['build', '--target', TRIPLE, '--package', 'token-rotator', '--features', 'system-allocator'];
  if (!run('cargo', cargo, BUILD)) return false;
  const built = path.join(HOME, TRIPLE, 'debug', 'libtoken_rotator.so');
  const binary = path.join(HOME, 'token-rotator.node');
  fs.copyFileSync(built, binary);
  const jest = [require.resolve('jest/bin/jest'), ...(args.length > 0 ? args : TESTS)];
  return run(process.execPath, jest, { ...process.env, ...inNode(binary) });
}

/**
 * Node itself is not instrumented, so that its own leaks are not looked for. Freed memory is overwritten, so that Node too stops at a value that
 * it uses too late. Node handles SIGSEGV itself, for WebAssembly; without `allow_user_segv_handler=0` a crash would leave no report.
 */
function inNode(binary) {
  const library = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  return {
    TOKEN_ROTATOR_ADDON: binary,
    LD_PRELOAD: fs.realpathSync(library),
    ASAN_OPTIONS: `detect_leaks=0:allow_user_segv_handler=0:max_free_fill_size=65536:free_fill_byte=219:log_path=${REPORTS}/addon`,
  };
}

function run(command, args, env) {
  return spawnSync(command, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

main(process.argv.slice(2));
