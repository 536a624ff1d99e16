'use strict';

module.exports = { testEnvironment: 'node', testMatch: ['<rootDir>/test/jest/*.test.js'] };
