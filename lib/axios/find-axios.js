'use strict';

// Finds the copy of axios that a request came from. A program may have several (`import` and `require` load one each), and
// `instanceof AxiosError` holds only for errors of the copy that the program's author imported.

const path = require('node:path');
const { createRequire } = require('node:module');
const { invalidOption, rejectOption } = require('../errors.js');

class Copies {
  /** A copy for work that any copy can do. */
  any;
  #given;
  #others;

  /** @param {any} [given]  the axios module, if the program names it */
  constructor(given) {
    if (given !== undefined && axiosOf(given) === undefined) throw invalidOption('axios', 'the axios module');
    this.#given = axiosOf(given);
    this.any = this.#given ?? fromHere() ?? fromProgram();
    if (this.any === undefined) {
      throw rejectOption('axios was not found from here: pass it, axiosAdapter(client, { axios })');
    }
  }

  /** The copy that made `config`, told by the class of its headers. */
  async of(config) {
    // axios before 1.2 does not export AxiosHeaders.
    if (this.#given !== undefined || this.any.AxiosHeaders === undefined) return this.any;
    const made = ({ AxiosHeaders }) => AxiosHeaders === config.headers?.constructor;
    if (made(this.any)) return this.any;
    this.#others ??= Promise.all([fromProgram(), imported()]);
    const others = await this.#others;
    return others.find((axios) => axios !== undefined && made(axios)) ?? this.any;
  }
}

const fromHere = () => found(() => require('axios'));

/** Needed where this package is linked, so that `require` looks in another tree than the program's. */
function fromProgram() {
  const program = require.main?.filename ?? process.argv[1] ?? path.join(process.cwd(), 'program');
  return found(() => createRequire(program)('axios'));
}

/** The copy of a program that is made of ES modules. */
const imported = () => import('axios').then(axiosOf, () => undefined);

/** @param {() => any} load */
function found(load) {
  try {
    return axiosOf(load());
  } catch {
    return undefined;
  }
}

/** `import * as axios` holds axios as its default export. */
function axiosOf(module) {
  return [module, module?.default].find((axios) => typeof axios?.AxiosError === 'function');
}

exports.Copies = Copies;
