'use strict';

// Reads the options that index.d.ts declares, with what their comments say: { name, type, summary, default }.

const { readFileSync } = require('node:fs');
const path = require('node:path');

const TYPES = readFileSync(path.join(__dirname, '..', 'index.d.ts'), 'utf8');

/** The options of one `interface` or `type`. Functions of an interface, such as `read` of a store, are options too. */
function declared(name) {
  const start = TYPES.search(new RegExp(`^(export )?(interface|type) ${name}\\b`, 'm'));
  if (start < 0) throw new Error(`index.d.ts declares no ${name}`);
  const rest = TYPES.slice(start);
  const body = rest.slice(0, rest.search(/\n\n(?=\S)/));
  const found = [...body.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*\n\s+(?:readonly )?(\w+)\??(?=[:(])/gs)];
  return found.map((match) => {
    const text = match[1]
      .replace(/^\s*\* ?/gm, '')
      .replace(/\s+/g, ' ')
      .trim();
    const type = typeAt(body.slice(match.index + match[0].length));
    return { name: match[2], type, ...said(text) };
  });
}

/** Up to the semicolon that no bracket encloses. */
function typeAt(text) {
  let depth = 0;
  const end = [...text].findIndex((char, i) => {
    if ('({['.includes(char)) depth += 1;
    // The `>` of an arrow closes nothing.
    if (')}]'.includes(char)) depth -= 1;
    return char === ';' && depth === 0 && i > 0;
  });
  const type = text.slice(0, end).replace(/^:/, '');
  return type
    .replace(/\s+/g, ' ')
    .replaceAll('| undefined', '')
    .replace(/\s+/g, ' ')
    .replace(/^ \| /, '')
    .trim();
}

/** The first sentence of a comment, and its default, as far as it names one. */
function said(text) {
  const words = text.split(' @example')[0];
  const [summary] = words.split(/(?<=\.)\s/);
  const usual = /\bDefault:? (.*?)\.(?= |$)/.exec(words)?.[1];
  return { summary, default: usual };
}

module.exports = { declared };
