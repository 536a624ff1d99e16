'use strict';

const library = require('token-refresh');

const { createWith } = require('./axios-install.js');

module.exports = { create: (target) => createWith(library, target) };
