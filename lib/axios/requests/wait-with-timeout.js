'use strict';

// Waits for a rotation on behalf of a request, no longer than the request's `signal`, `cancelToken` and `timeout` allow.

const { clearTimeout, setTimeout } = require('../../clock.js');
const { unwatch, watch } = require('../../crossing/abort.js');
const { MAX_MS, own } = require('../../options/check.js');
const { ClientClosedError } = require('../../errors.js');
const { Failure, timedOut } = require('../failure.js');
const { Copies } = require('../find-axios.js');

function hasLeft(config) {
  return own(config, 'signal')?.aborted === true || own(config, 'cancelToken')?.reason !== undefined;
}

/**
 * The result of `work`, or an error of axios, which leaves `work` running.
 * @template T @param {Promise<T>} work @returns {Promise<T>}
 */
async function patiently(work, config) {
  try {
    return await (mayLeave(config) ? unlessLeft(work, config) : work);
  } catch (error) {
    throw error instanceof ClientClosedError ? await canceled(config, 'auth refresher uninstalled') : error;
  }
}

/** Asked, because a race costs more than all else that a request without these waits for. */
function mayLeave(config) {
  return Boolean(own(config, 'signal') || own(config, 'cancelToken') || timeoutOf(config) > 0);
}

async function unlessLeft(work, config) {
  const signal = own(config, 'signal');
  const token = own(config, 'cancelToken');
  const timeout = timeoutOf(config);
  let leave, timer;
  const stopped = new Promise((_resolve, reject) => {
    leave = () => canceled(config).then(reject);
    const late = () => errorOf(config, timedOut(config)).then(reject);
    if (timeout > 0) timer = setTimeout(late, Math.min(timeout, MAX_MS));
  });
  if (signal) watch(signal, leave);
  token?.subscribe(leave);
  if (hasLeft(config)) leave();
  try {
    return await Promise.race([work, stopped]);
  } finally {
    clearTimeout(timer);
    if (signal) unwatch(signal, leave);
    token?.unsubscribe(leave);
  }
}

function timeoutOf(config) {
  return Number(own(config, 'timeout'));
}

/** The CanceledError of the program's axios. A cancelToken has one already, with the message it was cancelled with. */
async function canceled(config, message) {
  const reason = message === undefined ? own(config, 'cancelToken')?.reason : undefined;
  return reason ?? errorOf(config, new Failure('ERR_CANCELED', message ?? 'canceled'));
}

/** Of the copy of axios that made `config`, or one like it if no copy can be found from here. */
async function errorOf(config, failure) {
  try {
    return failure.toAxiosError(await new Copies().of(config), config);
  } catch {
    const { code, message } = failure;
    const isCancel = code === 'ERR_CANCELED';
    const fields = isCancel ? { name: 'CanceledError', __CANCEL__: true } : { name: 'AxiosError' };
    return Object.assign(new Error(message), { ...fields, code, config });
  }
}

module.exports = { hasLeft, patiently };
