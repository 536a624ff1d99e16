export default {
  serverExternalPackages: ['token-rotator'],
};
