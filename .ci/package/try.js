'use strict';

// Installs the packages in dist/ with each package manager, in an empty folder, from a registry on this machine, and uses them there:
// `npm run package:test`. An argument names one manager to try, for example npm; `--debug` takes the packages of target/package/. No
// registry but that one can be reached.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const { readmeExample } = require('./example.js');
const { MANAGERS, commandOf } = require('./managers.js');
const { packagesIn, startRegistry } = require('./registry.js');
const { chosenTarget, folderOf } = require('./targets.js');

const run = promisify(execFile);
const SMOKE = path.join(__dirname, 'smoke');
/** Of the issue: from an empty folder to the end of the example. */
const LIMIT_SECONDS = 10;

async function main(argv) {
  const names = argv.filter((argument) => argument !== '--debug');
  const chosen = MANAGERS.filter(({ name }) => names.length === 0 || names.includes(name));
  if (chosen.length === 0) throw new Error(`no such manager: ${names.join(' ')}`);
  const commands = chosen.map((manager) => ({ manager, command: commandOf(manager) }));
  const registry = await startRegistry(packagesIn(folderOf(argv), chosenTarget([])));
  try {
    for (const { manager, command } of commands) await tried(manager, command, registry);
  } finally {
    await registry.close();
  }
}

async function tried(manager, command, registry) {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'install-'));
  const begun = Date.now();
  try {
    await installAndUse(manager, command, registry, folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const seconds = (Date.now() - begun) / 1000;
  console.log(`${manager.name}: installed and used in ${seconds.toFixed(1)} s`);
  if (seconds > LIMIT_SECONDS) console.log(`  that is more than ${LIMIT_SECONDS} s: is the machine busy?`);
}

async function installAndUse(manager, command, { url }, folder) {
  const project = path.join(folder, 'project');
  const cache = path.join(folder, 'cache');
  fs.cpSync(SMOKE, project, { recursive: true });
  const example = readmeExample();
  const files = {
    'package.json': '{ "private": true }\n',
    [example.file]: example.text,
    ...manager.settings(url, cache),
  };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(project, name), text);

  const options = { cwd: project, env: environment(folder), timeout: 120_000 };
  const execute = async ([program, ...first], args) => run(program, [...first, ...args], options);
  await execute(command, manager.install(cache));
  const node = manager.node === undefined ? [process.execPath] : [...command, ...manager.node];
  for (const file of [...fs.readdirSync(SMOKE), example.file]) await execute(node, [file]);
}

/** Of a user's machine: a home without settings, no compiler, and a network that ends at a closed port. */
function environment(home) {
  const nowhere = 'http://127.0.0.1:9';
  return {
    HOME: home,
    PATH: [path.dirname(process.execPath), '/usr/bin', '/bin'].join(path.delimiter),
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '127.0.0.1,localhost',
    ...(process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot } : {}),
  };
}

main(process.argv.slice(2));
