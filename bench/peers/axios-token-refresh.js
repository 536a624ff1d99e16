'use strict';

const library = require('token-refresh');

const { createWith } = require('./axios-install');

module.exports = { create: (target) => createWith(library, target) };
