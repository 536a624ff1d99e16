'use strict';

// How an installed package finds its addon, and what it says where it cannot. Each test is a folder with a copy of the package,
// and with packages of platforms that are made here.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');
const { version } = require('../../package.json');
const glibc = process.report.getReport().header.glibcVersionRuntime;
const HERE =
  process.platform === 'linux'
    ? `linux-${process.arch}-${glibc ? 'gnu' : 'musl'}`
    : `${process.platform}-${process.arch}${process.platform === 'win32' ? '-msvc' : ''}`;
const MUSL = `linux-${process.arch}-musl`;
const BUILT = path.join(ROOT, 'native', `token-rotator.${HERE}.node`);

let folder;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), 'addon-'));
  const copy = path.join(folder, 'node_modules/token-rotator');
  for (const name of ['index.js', 'package.json', 'lib']) {
    fs.cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  }
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A package for `target`: `main` is the text of its entry, or a binary. */
function install(target, main, name = 'index.js') {
  const place = path.join(folder, 'node_modules', `token-rotator-${target}`);
  fs.mkdirSync(place, { recursive: true });
  fs.writeFileSync(path.join(place, 'package.json'), JSON.stringify({ main: name }));
  if (main !== undefined) fs.writeFileSync(path.join(place, name), main);
}

/** `'loaded'`, or the error of `require('token-rotator')`. `before`: code that runs before it. */
function load({ before = '', flags = [], env = {} } = {}) {
  const program = `${before};
    let result = 'loaded';
    try { require('token-rotator') } catch (error) {
      result = { name: error.name, code: error.code, message: error.message, cause: error.cause.message };
    }
    console.log(JSON.stringify(result));`;
  const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } };
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', program], options);
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

const failing = (message, code = 'ERR_DLOPEN_FAILED') =>
  `throw Object.assign(new Error(${JSON.stringify(message)}), { code: '${code}' })`;

/** As if the system had musl, and as if Node's binary were a file that names musl or not. */
const withMusl = (interpreter) => {
  fs.writeFileSync(path.join(folder, 'interpreter'), `\x7fELF${interpreter}\0`);
  return {
    before: `const fs = require('fs'), { existsSync } = fs;
      fs.existsSync = (file) => file.startsWith('/lib/ld-musl-') || existsSync(file);
      process.execPath = require('path').resolve('interpreter');`,
  };
};

describe('the package for this platform', () => {
  test('is loaded', () => {
    install(HERE, `module.exports = require(${JSON.stringify(BUILT)})`);
    expect(load()).toBe('loaded');
  });

  test.each([['0.0.9'], ['1.0.0'], [undefined]])('of version %s is refused', (other) => {
    install(HERE, `exports.VERSION = ${JSON.stringify(other)}`);
    const error = load();
    expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_ADDON_VERSION' });
    expect(error.message).toContain(
      `token-rotator-${HERE} is of version ${other ?? 'unknown'}, and token-rotator of ${version}`,
    );
  });

  test('is missing: the message says how to install it', () => {
    const { code, message } = load();
    expect(code).toBe('ERR_ADDON_MISSING');
    expect(message).toContain(`token-rotator-${HERE} is not installed. Install optional dependencies`);
    expect(message).toContain('npm/cli#4828');
  });

  test('is missing, and those of other platforms are there: the message names these', () => {
    const others = ['darwin-arm64', 'win32-x64-msvc'].filter((target) => target !== HERE);
    for (const target of others) install(target, '');
    const { code, message } = load();
    expect(code).toBe('ERR_ADDON_MISSING');
    const names = others.map((target) => `token-rotator-${target}`).join(', ');
    expect(message).toContain(`Installed is ${names}: node_modules came from another platform.`);
  });

  test('has lost its binary: it is damaged, and not missing', () => {
    install(HERE, undefined, 'token-rotator.node');
    const { code, message } = load();
    expect(code).toBe('ERR_ADDON_FAILED');
    expect(message).toContain('its file is damaged, missing, or of another platform');
  });

  test('has a binary that is none', () => {
    install(HERE, 'text', 'token-rotator.node');
    const { code, message, cause } = load();
    expect(code).toBe('ERR_ADDON_FAILED');
    expect(message).toContain('its file is damaged, missing, or of another platform');
    expect(cause).not.toBe('');
  });

  test('cannot be loaded, because Node loads no addons', () => {
    install(HERE, fs.readFileSync(BUILT), 'token-rotator.node');
    const { code, message } = load({ flags: ['--no-addons'] });
    expect(code).toBe('ERR_ADDON_FAILED');
    expect(message).toContain('Node loads no addons. Start it without --no-addons');
  });
});

describe('the message', () => {
  test.each([
    [
      "/lib64/libc.so.6: version `GLIBC_2.28' not found (required by token-rotator.node)",
      'its glibc is too old',
    ],
    ['Error loading shared library libgcc_s.so.1: No such file or directory', 'apk add libgcc'],
    ['token-rotator.node: failed to map segment from shared object', 'noexec'],
    [
      'dlopen(token-rotator.node): tried: (mach-o file, but is an incompatible wrong architecture)',
      'of another platform',
    ],
    ['\\\\?\\C:\\token-rotator.node is not a valid Win32 application.', 'of another platform'],
    [
      'Requires ffi access to "token-rotator.node", run again with the --allow-ffi flag',
      'Start it with --allow-ffi',
    ],
    ['something else', '`cause` says why'],
  ])('for "%s"', (words, meaning) => {
    install(HERE, failing(words));
    const { code, message, cause } = load();
    expect({ code, cause }).toEqual({ code: 'ERR_ADDON_FAILED', cause: words });
    expect(message).toContain(`token-rotator-${HERE} is there, but`);
    expect(message).toContain(meaning);
  });

  test('says the reason before the platform, and the platform before all that are supported', () => {
    const { message } = load();
    const places = ['is not installed', `This is ${process.platform} ${process.arch}`, 'Supported are'];
    const found = places.map((words) => message.indexOf(words));
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found[0]).toBeGreaterThan(-1);
    if (glibc) expect(message).toContain(`with glibc ${glibc}`);
  });

  test('is the same where the system gives no report, as in Deno without --allow-sys', () => {
    const before = "process.report.getReport = () => { throw new Error('no report') };";
    const { code, message } = load({ before });
    expect(code).toBe('ERR_ADDON_MISSING');
    expect(message).toContain(`token-rotator-${HERE} is not installed`);
  });

  test('names a platform for which there is no addon', () => {
    const { code, message } = load({
      before: "Object.defineProperty(process, 'platform', { value: 'freebsd' })",
    });
    expect(code).toBe('ERR_ADDON_UNSUPPORTED');
    expect(message).toContain(`This is freebsd ${process.arch}`);
  });
});

describe('TOKEN_ROTATOR_ADDON', () => {
  test('names the binary to load', () => {
    expect(load({ env: { TOKEN_ROTATOR_ADDON: BUILT } })).toBe('loaded');
  });

  test('that is empty names none', () => {
    install(HERE, `module.exports = require(${JSON.stringify(BUILT)})`);
    expect(load({ env: { TOKEN_ROTATOR_ADDON: '' } })).toBe('loaded');
  });

  const itMustBe = `it must be that of token-rotator-${HERE} ${version}.`;
  test.each([
    ['/nowhere/addon.node', 'ERR_ADDON_FAILED', '/nowhere/addon.node is not there. '],
    ['addon.node', 'ERR_ADDON_FAILED', 'TOKEN_ROTATOR_ADDON is addon.node, and must be a full path.'],
    ['text.node', 'ERR_ADDON_FAILED', `text.node is there, but its file is damaged`, itMustBe],
    [
      'old.js',
      'ERR_ADDON_VERSION',
      `old.js is of version 0.0.9, and token-rotator of ${version}. `,
      itMustBe,
    ],
  ])('that names %s: the message says what is wrong with that', (name, wanted, ...texts) => {
    fs.writeFileSync(path.join(folder, 'text.node'), 'text');
    fs.writeFileSync(path.join(folder, 'old.js'), "exports.VERSION = '0.0.9'");
    const file = fs.existsSync(path.join(folder, name)) ? path.join(folder, name) : name;
    const { code, message } = load({ env: { TOKEN_ROTATOR_ADDON: file } });
    expect(code).toBe(wanted);
    for (const text of texts) expect(message).toContain(text);
    expect(message).not.toContain('node_modules and install');
  });
});

(process.platform === 'linux' ? describe : describe.skip)('on Linux', () => {
  test('a Node of musl asks for the package of musl, although that of glibc is there', () => {
    install(HERE, '');
    const { code, message } = load(withMusl('/lib/ld-musl-x86_64.so.1'));
    expect(code).toBe('ERR_ADDON_MISSING');
    expect(message).toContain(`token-rotator-${MUSL} is not installed. Installed is token-rotator-${HERE}`);
    expect(message).toContain(`This is linux ${process.arch} with musl`);
  });

  test('a Node of glibc takes its package, although musl is there too', () => {
    install(HERE, `module.exports = require(${JSON.stringify(BUILT)})`);
    expect(load(withMusl('/lib64/ld-linux-x86-64.so.2'))).toBe('loaded');
  });

  test('a Node whose binary may not be read is asked for its report', () => {
    install(HERE, `module.exports = require(${JSON.stringify(BUILT)})`);
    expect(load({ before: `${withMusl('').before} process.execPath = '/nowhere/node'` })).toBe('loaded');
  });

  (glibc ? test : test.skip)('a binary that needs a newer glibc: the message says so', () => {
    const binary = fs.readFileSync(BUILT);
    const wanted = binary
      .toString('latin1')
      .match(/GLIBC_2\.\d\d(?=\0)/g)
      .sort()
      .at(-1);
    binary.write('GLIBC_2.99', binary.indexOf(`${wanted}\0`, 'latin1'), 'latin1');
    install(HERE, binary, 'token-rotator.node');
    const { code, message, cause } = load();
    expect(cause).toContain("`GLIBC_2.99' not found");
    expect(code).toBe('ERR_ADDON_FAILED');
    expect(message).toContain('its glibc is too old');
  });
});
