export default {
  build: { ssr: 'program.mjs' },
  ssr: {
    noExternal: true,
    external: ['token-rotator'],
  },
};
