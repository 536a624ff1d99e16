import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: 'program.mjs',
  output: { file: 'dist/program.mjs', format: 'es' },
  plugins: [nodeResolve({ exportConditions: ['node'] }), commonjs(), json()],
  external: [/^token-rotator/],
};
