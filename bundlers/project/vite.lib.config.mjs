import { builtinModules } from 'node:module';

export default {
  build: {
    target: 'node20',
    lib: { entry: 'program.mjs', formats: ['es'], fileName: 'program' },
    rolldownOptions: {
      external: [/^node:/, ...builtinModules, 'axios', /^token-rotator/],
    },
  },
};
