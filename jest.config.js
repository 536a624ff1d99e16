'use strict';

module.exports = {
  testEnvironment: '<rootDir>/__test__/support/environment.js',
  testMatch: ['<rootDir>/__test__/**/*.test.js'],
  // Node runs these files as they are. babel-jest would compile each of them, and is loaded by every worker.
  transform: {},
  // Only for a test that hangs. jest's own 5 s end good tests on a machine that does something else too.
  testTimeout: 30_000,
};
