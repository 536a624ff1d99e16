'use strict';

// The blocks of JavaScript in the pages, and each of them as a file that the compiler or Node can take.

const { execFileSync } = require('node:child_process');
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');

/** Every page of the repository, as a path from its root. */
function pages() {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return files
    .trim()
    .split('\n')
    .filter((file) => existsSync(path.join(ROOT, file)));
}

const read = (page) => readFileSync(path.join(ROOT, page), 'utf8');

/** `{ page, line, language, code }` for each block of JavaScript or TypeScript. */
function blocks() {
  return pages().flatMap((page) => {
    const text = read(page);
    return [...text.matchAll(/^( *)```(js|mjs|ts)\n(.*?)^ *```$/gms)].map((match) => {
      const line = text.slice(0, match.index).split('\n').length;
      return { page, line, language: match[2], code: match[3] };
    });
  });
}

const isModule = (code) => /^(import|export default) /m.test(code);

/** A block that starts its own server, and is no test of jest, needs nothing of the reader's: it is run. */
const runsAlone = ({ code }) =>
  /startAuthServer\(/.test(code) && !/\b(test|beforeEach|server\.fault)\(/.test(code);

/** CommonJS has no `await` outside of functions, and a page may show the inside of one. */
function asFile({ code, language }) {
  if (language === 'ts') return { ext: isModule(code) ? '.mts' : '.cts', text: `export {};\n${code}` };
  if (isModule(code)) return { ext: '.mjs', text: code };
  return { ext: '.js', text: `module.exports = async function () {\n${code}\n};\n` };
}

module.exports = { ROOT, asFile, blocks, pages, read, runsAlone };
