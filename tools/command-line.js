'use strict';

// The command line of a program, and its two ways to speak.

const { parseArgs } = require('node:util');

/**
 * Reads arguments as one frozen object. `flags` are false unless they are given, `texts` and `numbers` name each option with its default,
 * and numbers are positive integers. `only` is a regular expression. With `allowWords`, `words` are the arguments that are no options.
 * Throws an Error with the usage if an argument is not understood.
 */
function readOptions(args, { usage, flags = [], texts = {}, numbers = {}, allowWords = false }) {
  const options = Object.fromEntries([
    ...[...flags, 'help'].map((name) => [name, { type: 'boolean', default: false }]),
    ...[...Object.keys(texts), ...Object.keys(numbers)].map((name) => [name, { type: 'string' }]),
  ]);
  const { values: given, positionals: words } = understood(usage, () =>
    parseArgs({ args, options, allowPositionals: allowWords }),
  );
  const values = { ...texts, ...numbers, ...given, ...(allowWords && { words }) };
  for (const name of Object.keys(numbers)) {
    if (given[name] !== undefined) values[name] = positive(name, given[name], usage);
  }
  if (values.only !== undefined) values.only = understood(usage, () => new RegExp(values.only));
  return Object.freeze(values);
}

/** Adds the usage to the error of `read`. */
function understood(usage, read) {
  try {
    return read();
  } catch (error) {
    throw new Error(`${error.message}\n\n${usage}`, { cause: error });
  }
}

function positive(name, text, usage) {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name}: a positive integer\n\n${usage}`);
  return number;
}

/** Runs a program with its arguments. An error is printed, and is the exit code 1. */
function runProgram(main) {
  main(process.argv.slice(2)).catch((error) => {
    note(`${error.stack}\n`);
    process.exitCode = 1;
  });
}

function print(text) {
  process.stdout.write(`${text}\n`);
}

/** For people who watch; the results alone go to stdout. */
function note(text) {
  process.stderr.write(text);
}

module.exports = { note, positive, print, readOptions, runProgram };
