'use strict';

module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__test__/**/*.test.js'],
  // Only for a test that hangs. jest's own 5 s end good tests on a machine that does something else too.
  testTimeout: 30_000,
};
