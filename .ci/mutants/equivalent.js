'use strict';

/** Mutants that change nothing that anybody could notice. `text` is the line, where `what` fits several. */
const EQUIVALENT = [];

module.exports = { EQUIVALENT };
