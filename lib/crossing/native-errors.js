'use strict';

// Errors that crossed from Rust as plain data, as the instances that users get.

const { fromNative } = require('../errors.js');
const { recall } = require('./kept-errors.js');

function revive(error) {
  return fromNative(error, recall(error?.[5]));
}

/** Awaiting here, rather than passing the promise on, gives errors the caller's async stack. */
async function revived(promise) {
  try {
    return await promise;
  } catch (error) {
    throw revive(error);
  }
}

module.exports = { revive, revived };
