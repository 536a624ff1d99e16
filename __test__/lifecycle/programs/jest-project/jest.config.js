'use strict';

// A project of a user, as small as can be. Its tests are no tests of ours: see `jest.test.js`.

module.exports = { testEnvironment: 'node', testMatch: ['<rootDir>/*.spec.js'] };
