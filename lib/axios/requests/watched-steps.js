'use strict';

// The steps of axios between an instance's interceptors: transforms of the request, the adapter, transforms of the answer. Where one of them
// throws, the error may have no config, so that nothing leads from it to its request.

/**
 * From a watched step to the program's own. A config comes again, with a replay or because the program sends `error.config` again.
 * Without this, each time would wrap the steps once more.
 * @type {WeakMap<Function, Function>}
 */
const own = new WeakMap();

/** @param {any} config  of a request that is about to be sent @param {(error: unknown) => void} failed  a step has thrown this */
function watchSteps(config, failed) {
  config.transformRequest = eachOf(config.transformRequest, (step) => watched(step, failed));
  config.transformResponse = eachOf(config.transformResponse, (step) => watched(step, failed));
  // The names of axios' own adapters stay.
  config.adapter = eachOf(config.adapter, (step) => watchedAdapter(step, failed));
}

/** `steps`: one function, or a list of functions and of what axios itself has to judge. */
function eachOf(steps, watch) {
  const one = (step) => (typeof step === 'function' ? replaced(step, watch) : step);
  return Array.isArray(steps) ? steps.map(one) : one(steps);
}

function replaced(step, watch) {
  const original = own.get(step) ?? step;
  const replacement = watch(original);
  own.set(replacement, original);
  return replacement;
}

function watched(step, failed) {
  return /** @this {any} */ function (...args) {
    try {
      return step.apply(this, args);
    } catch (error) {
      failed(error);
      throw error;
    }
  };
}

function watchedAdapter(adapter, failed) {
  return async (config) => {
    try {
      return await adapter(config);
    } catch (error) {
      failed(error);
      throw error;
    }
  };
}

exports.watchSteps = watchSteps;
