'use strict';

// Which copy of axios a request came from. A program may have loaded several, `import` and `require` alone make two, and
// `instanceof AxiosError` holds only for errors of the copy that its author imported.

const path = require('node:path');
const { createRequire } = require('node:module');
const { invalidOption, rejectOption } = require('../errors.js');

class Copies {
  /** The copy for what needs any: its version, its way of writing URLs. */
  any;
  #given;
  #others;

  constructor(given) {
    if (given !== undefined && axiosOf(given) === undefined) throw invalidOption('axios', 'the axios module');
    this.#given = axiosOf(given);
    this.any = this.#given ?? fromHere() ?? fromProgram();
    if (this.any === undefined) {
      throw rejectOption('axios was not found from here: pass it, axiosAdapter(client, { axios })');
    }
  }

  /** The copy that made `config`, as far as can be told: its headers are that copy's. */
  async of(config) {
    // Before 1.2, axios does not show its AxiosHeaders.
    if (this.#given !== undefined || this.any.AxiosHeaders === undefined) return this.any;
    const made = ({ AxiosHeaders }) => AxiosHeaders === config.headers?.constructor;
    if (made(this.any)) return this.any;
    this.#others ??= Promise.all([fromProgram(), imported()]);
    const others = await this.#others;
    return others.find((axios) => axios !== undefined && made(axios)) ?? this.any;
  }
}

function fromHere() {
  try {
    return axiosOf(require('axios'));
  } catch {
    return undefined;
  }
}

/** Where this package is linked, or its tree is not the program's. */
function fromProgram() {
  try {
    const program = require.main?.filename ?? process.argv[1] ?? path.join(process.cwd(), 'program');
    return axiosOf(createRequire(program)('axios'));
  } catch {
    return undefined;
  }
}

/** What `import` gives a program that is made of ES modules. */
async function imported() {
  try {
    return axiosOf(await import('axios'));
  } catch {
    return undefined;
  }
}

/** `import * as axios` and the like hold it as their default. */
function axiosOf(module) {
  return [module, module?.default].find((axios) => typeof axios?.AxiosError === 'function');
}

module.exports = { Copies };
