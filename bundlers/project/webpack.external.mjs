export default {
  mode: 'production',
  target: 'node',
  entry: './program.js',
  output: { filename: 'program.js' },
  externalsType: 'commonjs',
  externals: [/^token-rotator/],
};
