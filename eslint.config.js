'use strict';

const js = require('@eslint/js');
const globals = require('globals');

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
      ],
    },
  },
  { files: ['__test__/**'], languageOptions: { globals: globals.jest } },
  { files: ['**/*.mjs'], languageOptions: { sourceType: 'module' } },
];
