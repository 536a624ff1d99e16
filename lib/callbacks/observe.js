'use strict';

/** Takes a promise that is not awaited, because its rejection would end the process. Returns whether it is one. */
function observe(value, rejected = (_error) => {}) {
  const isPromise = typeof value?.then === 'function';
  if (isPromise) new Promise((resolve) => resolve(value)).catch(rejected);
  return isPromise;
}

exports.observe = observe;
