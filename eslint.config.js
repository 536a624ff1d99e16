'use strict';

const js = require('@eslint/js');
const globals = require('globals');

const CLOCK = 'Tests fake it. See lib/clock.js.';
const TIMERS = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  ...['clearTimeout', 'clearInterval', 'clearImmediate'],
];

module.exports = [
  { ignores: ['native/', 'target/', 'dist/', 'bench/results/', 'chaos/results/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: 'commonjs', globals: globals.node },
    rules: {
      eqeqeq: 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }],
      'no-var': 'error',
      'prefer-const': 'error',
      strict: ['error', 'global'],
    },
  },
  {
    files: ['lib/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'URL', property: 'canParse', message: 'See parseUrl in lib/options/check.js.' },
        { object: 'Date', property: 'now', message: CLOCK },
        { object: 'performance', property: 'now', message: CLOCK },
        { object: 'process', property: 'nextTick', message: CLOCK },
      ],
      'no-restricted-globals': ['error', ...TIMERS.map((name) => ({ name, message: CLOCK }))],
    },
  },
  { files: ['lib/clock.js'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['__test__/**', 'examples/jest-project/test/jest/**'],
    languageOptions: { globals: globals.jest },
  },
  { files: ['**/*.mjs', 'bundlers/project/app/**'], languageOptions: { sourceType: 'module' } },
];
