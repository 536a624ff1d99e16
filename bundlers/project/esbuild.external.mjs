import { build } from 'esbuild';

await build({
  entryPoints: ['program.js'],
  outfile: 'dist/program.js',
  bundle: true,
  platform: 'node',
  external: ['token-rotator'],
});
