export default {
  entry: ['program.js'],
  external: [/^token-rotator/],
};
