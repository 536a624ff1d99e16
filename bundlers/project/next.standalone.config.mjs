export default {
  output: 'standalone',
  serverExternalPackages: ['token-rotator'],
};
