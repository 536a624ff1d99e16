'use strict';

// Bundles a program that uses this package, with each bundler in each way of list.js, and runs what comes of it: `npm run bundlers`. The
// debug build has to be there.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { WAYS, versionOf, withoutLine } = require('./list.js');
const { askNext } = require('./next.js');
const { makeProject } = require('./project.js');
const { print, readOptions, runProgram } = require('../tools/command-line.js');
const { makeFolder, remove } = require('../tools/leftovers.js');

const LIMIT = 600_000;
const FILES = path.join(__dirname, 'project');

const USAGE = `usage: npm run bundlers -- [NAME …]

  NAME  bundlers whose name has this text; default: all`;

async function main(args) {
  const { help, words: names } = readOptions(args, { usage: USAGE, allowWords: true });
  if (help) return print(USAGE);
  const chosen = WAYS.filter(
    ({ bundler }) => names.length === 0 || names.some((name) => bundler.includes(name)),
  );
  if (chosen.length === 0)
    throw new Error(`no bundler has a name like ${names.join(' ')}; bundlers/list.js has all`);
  const project = await makeProject();
  try {
    for (const way of chosen) await shown(way, project);
  } finally {
    await remove(project);
  }
}

async function shown(way, project) {
  const begun = Date.now();
  const result = await tried(way, project).catch((error) => {
    process.exitCode = 1;
    // A bundler may print the addon.
    return `FAILED: ${error.message.replace(/[^\n\x20-\x7e]/g, '')}`;
  });
  const seconds = `${((Date.now() - begun) / 1000).toFixed(1)} s`;
  const { bundler, config } = way;
  const cells = [
    `${bundler} ${versionOf(bundler)}`.padEnd(26),
    way.way.padEnd(19),
    config.padEnd(32),
    seconds.padStart(7),
  ];
  console.log([...cells, result].join('  '));
}

/** What became of it, as the last cell of its line. */
async function tried(way, project) {
  if (!fs.existsSync(path.join(project, 'node_modules', way.bundler)) && way.bundler !== 'node') {
    return 'not for this platform';
  }
  for (const output of ['dist', '.next'])
    fs.rmSync(path.join(project, output), { recursive: true, force: true });
  for (const [name, file] of Object.entries(configs(way))) fs.writeFileSync(path.join(project, name), file);
  const built = await all(way.commands, project);
  expectAbout('bundler', way.refused, built);
  if (way.refused !== undefined) return 'refused by the bundler';
  if (way.output !== undefined && !fs.existsSync(path.join(project, way.output))) {
    throw new Error(`there is no ${way.output}\n${built.text}`);
  }
  const ran = await used(way, project);
  expectAbout('bundle', way.fails, ran);
  return way.fails === undefined ? 'runs' : `fails with ${way.fails.exec(ran.text)[0]}`;
}

/** The files of project/ again, because another way may have changed them. */
function configs({ config, without, files = {} }) {
  const own = fs.readdirSync(FILES).filter((name) => fs.statSync(path.join(FILES, name)).isFile());
  const names = [...own, ...Object.keys(files)];
  const texts = names.map((name) => [name, fs.readFileSync(path.join(FILES, files[name] ?? name), 'utf8')]);
  const changed = without === undefined ? {} : { [config]: withoutLine(path.join(FILES, config), without) };
  return { ...Object.fromEntries(texts), ...changed };
}

async function used({ output, alone, env = {}, server }, project) {
  const place = alone ? await makeFolder('bundle-') : project;
  if (alone)
    fs.cpSync(path.join(project, path.dirname(output)), place, { recursive: true, verbatimSymlinks: true });
  try {
    const file = output && path.join(place, alone ? path.basename(output) : output);
    if (server === 'next') return await askNext(file ?? 'node_modules/next/dist/bin/next', place);
    const paths = Object.entries(env).map(([name, value]) => [name, path.join(path.dirname(file), value)]);
    const command = /\.m?js$/.test(file) ? ['node', file] : [file];
    return await all([command], place, Object.fromEntries(paths));
  } finally {
    if (alone) await remove(place);
  }
}

/** @param {RegExp | undefined} failure  that is to be; undefined if all is to go well */
function expectAbout(subject, failure, { ok, text }) {
  if (failure === undefined && !ok) throw new Error(`the ${subject} fails\n${text}`);
  if (failure === undefined) return;
  if (ok) throw new Error(`the ${subject} does not fail`);
  if (!failure.test(text)) throw new Error(`the ${subject} does not say ${failure}\n${text}`);
}

async function all(commands, cwd, env = {}) {
  let text = '';
  for (const [program, ...args] of commands) {
    const result = await execute(program === 'node' ? process.execPath : program, args, cwd, env);
    text += result.text;
    if (!result.ok) return { ok: false, text };
  }
  return { ok: true, text };
}

function execute(program, args, cwd, env) {
  const settings = { NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', ...env };
  const options = { cwd, env: { ...process.env, ...settings }, timeout: LIMIT, maxBuffer: 2 ** 28 };
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ ok: error === null, text: stdout + stderr }),
    );
  });
}

runProgram(main);
