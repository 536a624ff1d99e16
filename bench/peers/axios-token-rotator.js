'use strict';

const library = require('../../lib/axios.js');

const { createWith } = require('./axios-install.js');

module.exports = { create: (target) => createWith(library, target) };
