'use strict';

// A source: a secret, key, certificate or assertion that is a value, a file, an environment variable or a function. Rust reads
// files, again when they change. A variable is read here, for each use: a worker's environment is a copy, and Node changes the
// real one without a lock that Rust could take.

const { readFile } = require('node:fs/promises');
const path = require('node:path');
const check = require('./check.js');
const { invalidOption, rejectOption } = require('../errors.js');

const MAX_CHARACTERS = 65_536;
const TEXT = `a string of 1 to ${MAX_CHARACTERS} characters`;

/** As programs name their variables. Another name is not shown, because it may be a secret in the wrong place. */
const VARIABLE = /^[A-Z][A-Z0-9_]{0,63}$/;

/** A value that cannot be used. `expected`: the end of a sentence that says what it must be, without the value. */
class Wrong extends Error {
  name = 'Wrong';
}

/** A source that gave no usable value. Its message begins with the option's name, and holds no value. */
class SourceProblem extends Error {
  name = 'SourceProblem';
}

/**
 * The sources of one client. `convert` functions take a value and give a text, or the DER bytes of a key; they throw `Wrong`.
 */
class Sources {
  /** Those that JavaScript answers, by their number. @type {(() => Promise<string | Buffer>)[]} */
  functions = [];
  /** Bytes that were made here, which the client overwrites after the crossing. @type {Buffer[]} */
  made = [];

  /** Kept with the functions: after `jest.resetModules`, the class of a new copy of this file is another one. */
  saidOf = saidOf;

  /** @returns {any}  in the form of `NativeSecret` in `src/binding/options/grant.rs` */
  text(value, name) {
    return this.read(value, name, asText);
  }

  read(value, name, convert) {
    if (value === undefined) throw rejectOption(`${name} must be given`);
    const place = placeOf(value, name);
    if (place === undefined) return this.#value(value, name, convert);
    return place.file === undefined
      ? this.call(name, useOf(place, name, convert))
      : { __proto__: null, file: place.file };
  }

  /** A source that `use` answers, each time that the secret is used. */
  call(name, use) {
    this.functions.push(use);
    return { __proto__: null, call: this.functions.length - 1, name };
  }

  #value(value, name, convert) {
    const converted = converting(
      () => convert(value),
      (expected) => invalidOption(name, expected),
    );
    if (typeof converted === 'string') return { __proto__: null, value: converted };
    this.made.push(converted);
    return { __proto__: null, der: converted };
  }
}

/** Where the value is: `{ file }`, `{ env }` or `{ call }`; undefined if it is the value itself. */
function placeOf(value, name) {
  if (typeof value === 'function') return { call: value };
  const given = ['file', 'env'].filter((field) => check.own(value, field) !== undefined);
  if (given.length === 0 || ArrayBuffer.isView(value)) return undefined;
  const own = check.readGroup(value, name, ['file', 'env']);
  if (given.length === 2) throw rejectOption(`${name} must have either file or env`);
  const field = `${name}.${given[0]}`;
  const text = check.text(own[given[0]], field, undefined, 4096);
  if (text.includes('\0')) throw invalidOption(field, 'a text without NUL');
  // Resolved now, because a program may change its working directory.
  return given[0] === 'file' ? { file: path.resolve(text) } : { env: text };
}

/** A function that gives the converted value of this moment. */
function useOf(place, name, convert) {
  return async () => convertedNow(await valueAt(place, name), name, convert);
}

function convertedNow(value, name, convert) {
  return converting(
    () => convert(value),
    (expected) => new SourceProblem(`${name} must be ${expected}`),
  );
}

/** The value of this moment, as it is. Throws what the user's function throws. */
async function valueAt({ file, env, call }, name) {
  if (call !== undefined) return call();
  if (env !== undefined) return process.env[env] || notSet(env, name);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SourceProblem(`${name} is in a file that cannot be read (${error.code})`, { cause: error });
  }
}

function notSet(env, name) {
  const variable = VARIABLE.test(env) ? `the environment variable ${env}` : 'an environment variable';
  throw new SourceProblem(`${name} is in ${variable}, which is not set`);
}

function converting(work, toError) {
  try {
    return work();
  } catch (error) {
    throw error instanceof Wrong ? toError(error.message) : error;
  }
}

/** White space around it is taken off, because editors end files with a line break. */
function asText(value) {
  const text = Buffer.isBuffer(value) ? value.toString() : value;
  const trimmed = typeof text === 'string' ? text.trim() : '';
  if (trimmed === '' || trimmed.length > MAX_CHARACTERS) throw new Wrong(TEXT);
  return trimmed;
}

/** The part of an error that a message may show: the text of a SourceProblem. */
function saidOf(error) {
  try {
    return error instanceof SourceProblem ? error.message : undefined;
  } catch {
    // A thrown value may be a Proxy, which can throw even at `instanceof`.
    return undefined;
  }
}

// One by one, so that the class is a type for others too.
exports.Sources = Sources;
exports.Wrong = Wrong;
exports.asText = asText;
exports.convertedNow = convertedNow;
exports.placeOf = placeOf;
exports.valueAt = valueAt;
