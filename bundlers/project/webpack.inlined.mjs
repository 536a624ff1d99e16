export default {
  mode: 'production',
  target: 'node',
  entry: './program.js',
  output: { filename: 'program.js' },
  module: {
    rules: [{ test: /\.node$/, loader: 'node-loader' }],
  },
};
