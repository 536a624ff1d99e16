'use strict';

// Waiting for what a program can see, turn by turn of the event loop.

const vm = require('node:vm');

/** What is ready has been taken in. */
async function settled() {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

async function until(condition) {
  while (!condition()) await new Promise(setImmediate);
}

/** Until so many answers were judged, as `told` of world.js lists it, and what follows from that has happened. */
async function expired(told, times) {
  await until(() => told.filter((name) => name === 'isSessionExpired').length >= times);
  await settled();
}

/**
 * Runs `work` while rejections that nobody handles are collected instead of ending the test, and gives them back. The
 * original has one for every refresh that fails (B1).
 */
async function straying(work) {
  const outside = vm.runInThisContext('process');
  const others = outside.listeners('unhandledRejection');
  const strays = [];
  const collect = (reason) => strays.push(reason);
  outside.removeAllListeners('unhandledRejection');
  outside.on('unhandledRejection', collect);
  try {
    await work();
    await settled();
  } finally {
    outside.off('unhandledRejection', collect);
    for (const listener of others) outside.on('unhandledRejection', listener);
  }
  return strays;
}

module.exports = { expired, settled, straying, until };
