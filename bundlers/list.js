'use strict';

// Every bundler, and the ways in which it takes this package. docs/bundlers.md says the same to users.

const fs = require('node:fs');
const path = require('node:path');

/**
 * @typedef {object} Way
 * @property {string} bundler
 * @property {string} way  `external`: the package stays in node_modules. `inlined`: the addon lies beside the bundle. `no line`: the
 *   bundler is told nothing.
 * @property {string} [config]  a file of project/, or what stands for it in the table
 * @property {string[][]} commands  in the project
 * @property {string} [output]  the bundle
 * @property {boolean} [alone]  it runs in a folder that has nothing but its own
 * @property {Record<string, string>} [env]  of the run, with paths from the bundle's folder
 * @property {Record<string, string>} [files]  files of the project that this way has: names, and the files of project/
 * @property {string} [without]  the line of `config` that is left out begins so
 * @property {RegExp} [refused]  the bundler fails, and says this
 * @property {RegExp} [fails]  the bundle fails, and says this
 * @property {'next'} [server]  is asked over HTTP, instead of a program that ends
 */

const WEBPACK = ['webpack', 'rspack'];
const bin = (name) => path.join('node_modules/.bin', name);
const NEXT = [[bin('next'), 'build']];
const NOT_TAKEN = /ERR_ADDON_MISSING/;

/** @type {Way[]} */
const WAYS = [
  {
    bundler: 'esbuild',
    way: 'external',
    config: 'esbuild.external.mjs',
    commands: [['node', 'esbuild.external.mjs']],
    output: 'dist/program.js',
  },
  {
    bundler: 'esbuild',
    way: 'inlined',
    config: 'esbuild.inlined.mjs',
    commands: [['node', 'esbuild.inlined.mjs']],
    output: 'dist/program.js',
    alone: true,
  },
  {
    bundler: 'esbuild',
    way: 'no line',
    config: 'esbuild.external.mjs',
    without: 'external:',
    commands: [['node', 'esbuild.external.mjs']],
    refused: /No loader is configured for ".node" files/,
  },
  ...WEBPACK.flatMap(webpack),
  {
    bundler: 'rollup',
    way: 'external',
    config: 'rollup.config.mjs',
    commands: [[bin('rollup'), '-c', 'rollup.config.mjs']],
    output: 'dist/program.mjs',
  },
  {
    bundler: 'rollup',
    way: 'no line',
    config: 'rollup.config.mjs',
    without: 'external:',
    commands: [[bin('rollup'), '-c', 'rollup.config.mjs']],
    refused: /Unexpected character.*you need plugins to import files that are not JavaScript/s,
  },
  {
    bundler: 'vite',
    way: 'no line',
    config: 'build --ssr',
    commands: [[bin('vite'), 'build', '--ssr', 'program.mjs']],
    output: 'dist/program.mjs',
  },
  {
    bundler: 'vite',
    way: 'external',
    config: 'vite.ssr.config.mjs',
    commands: [[bin('vite'), 'build', '-c', 'vite.ssr.config.mjs']],
    output: 'dist/program.mjs',
  },
  {
    bundler: 'vite',
    way: 'no line',
    config: 'vite.ssr.config.mjs',
    without: 'external:',
    commands: [[bin('vite'), 'build', '-c', 'vite.ssr.config.mjs']],
    refused: /Could not load node_modules\/token-rotator-.*\.node/,
  },
  {
    bundler: 'vite',
    way: 'external',
    config: 'vite.lib.config.mjs',
    commands: [[bin('vite'), 'build', '-c', 'vite.lib.config.mjs']],
    output: 'dist/program.mjs',
  },
  {
    bundler: 'next',
    way: 'external',
    config: 'next.config.mjs',
    commands: NEXT,
    server: 'next',
  },
  {
    bundler: 'next',
    way: 'external',
    config: 'next.standalone.config.mjs',
    files: { 'next.config.mjs': 'next.standalone.config.mjs' },
    commands: NEXT,
    output: '.next/standalone/server.js',
    alone: true,
    server: 'next',
  },
  {
    bundler: 'next',
    way: 'no line',
    config: 'next.config.mjs',
    without: 'serverExternalPackages:',
    commands: NEXT,
    refused: /token-rotator-.*\(node addon\) is not placeable in ESM chunks/,
  },
  ...['program.js', 'program.mjs'].map((file) => ({
    bundler: '@vercel/ncc',
    way: 'inlined',
    config: `build ${file}`,
    commands: [[bin('ncc'), 'build', file, '-o', 'dist']],
    output: file.replace('program', 'dist/index'),
    alone: true,
  })),
  ...['cjs', 'esm'].map((format) => ({
    bundler: '@oven/bun-linux-x64',
    way: 'inlined',
    config: `build --target=node --format=${format}`,
    commands: [
      [
        'node_modules/@oven/bun-linux-x64/bin/bun',
        'build',
        ...['program.mjs', '--target=node', `--format=${format}`],
        ...['--outdir=dist', `--entry-naming=[name].${format === 'esm' ? 'mjs' : 'js'}`],
      ],
    ],
    output: format === 'esm' ? 'dist/program.mjs' : 'dist/program.js',
    alone: true,
  })),
  ...tsup(),
  ...parcel(),
  ...executable(),
];

/** Both read the same files. */
function webpack(bundler) {
  const build = (config) => [[bin(bundler), ...(bundler === 'rspack' ? ['build'] : []), '-c', config]];
  const output = 'dist/program.js';
  const [external, inlined] = ['webpack.external.mjs', 'webpack.inlined.mjs'];
  const about = { bundler: bundler === 'rspack' ? '@rspack/core' : bundler, output };
  return [
    { ...about, way: 'external', config: external, commands: build(external) },
    { ...about, way: 'inlined', config: inlined, commands: build(inlined), alone: true },
    {
      ...about,
      way: 'no line',
      config: external,
      without: 'externals:',
      commands: build(external),
      refused: /Module parse failed/,
    },
  ];
}

/** It leaves out what package.json names as a dependency. */
function tsup() {
  const [config, output] = ['tsup.config.mjs', 'dist/program.js'];
  const named = { bundler: 'tsup', output, config, commands: [[bin('tsup'), '--config', config]] };
  const files = { 'package.json': 'bare.package.json' };
  return [
    { ...named, way: 'no line', config: 'program.js', commands: [[bin('tsup'), 'program.js']] },
    { ...named, way: 'external', files },
    { ...named, way: 'no line', files, without: 'external:', fails: NOT_TAKEN },
  ];
}

/** After tsup, because its configuration is the project's package.json. */
function parcel() {
  const about = {
    bundler: 'parcel',
    commands: [[bin('parcel'), 'build', '--target', 'program', '--no-cache']],
    output: 'dist/program.js',
  };
  const by = (config) => ({ ...about, config, files: { 'package.json': config } });
  return [
    { ...by('parcel.external.json'), way: 'external' },
    { ...by('parcel.inlined.json'), way: 'inlined', alone: true },
  ];
}

/** A single executable, made of what esbuild makes. The addon lies beside it. */
function executable() {
  const fuse = ['--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'];
  const commands = [
    [
      bin('esbuild'),
      'program.js',
      '--bundle',
      '--platform=node',
      '--external:token-rotator-*',
      '--outdir=dist',
    ],
    ['node', '--experimental-sea-config', 'sea-config.json'],
    ['cp', process.execPath, 'dist/program'],
    [bin('postject'), 'dist/program', 'NODE_SEA_BLOB', 'dist/program.blob', ...fuse],
    ['sh', '-c', 'cp node_modules/token-rotator-*/*.node dist/addon.node'],
  ];
  const about = { bundler: 'node', config: 'sea-config.json', commands, output: 'dist/program', alone: true };
  return [
    { ...about, way: 'TOKEN_ROTATOR_ADDON', env: { TOKEN_ROTATOR_ADDON: 'addon.node' } },
    { ...about, way: 'no line', fails: NOT_TAKEN },
  ];
}

/** The version of a bundler that is pinned in package.json here. */
function versionOf(bundler) {
  if (bundler === 'node') return process.versions.node;
  const { dependencies, optionalDependencies } = require('./package.json');
  return { ...dependencies, ...optionalDependencies }[bundler];
}

/** A configuration without the line that is the point of it. */
function withoutLine(file, beginning) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const kept = lines.filter((line) => !line.trim().startsWith(beginning));
  if (kept.length !== lines.length - 1) throw new Error(`${file} has no line that begins with ${beginning}`);
  return kept.join('\n');
}

module.exports = { WAYS, versionOf, withoutLine };
