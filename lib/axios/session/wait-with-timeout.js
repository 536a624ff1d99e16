'use strict';

// Waits for a rotation on behalf of a request, no longer than the request's `signal`, `cancelToken` and `timeout` allow.

const { unwatch, watch } = require('../../crossing/abort.js');
const { MAX_MS } = require('../../options/check.js');
const { Copies } = require('../find-axios.js');
const { own } = require('../own-property.js');

/** The results of a wait that the caller aborted, or that took longer than `timeout`. */
const LEFT = Symbol('left');
const LATE = Symbol('late');

function hasLeft(config) {
  return own(config, 'signal')?.aborted === true || own(config, 'cancelToken')?.reason !== undefined;
}

/** The result of `work`, or LEFT or LATE, which leave `work` running. */
function waiting(work, config) {
  const signal = own(config, 'signal');
  const token = own(config, 'cancelToken');
  const timeout = Number(own(config, 'timeout'));
  if (!signal && !token && !(timeout > 0)) return work;
  return new Promise((resolve, reject) => {
    const ending = (settle) => (value) => {
      clearTimeout(timer);
      if (signal) unwatch(signal, leave);
      token?.unsubscribe(leave);
      settle(value);
    };
    const leave = () => ending(resolve)(LEFT);
    const late = () => ending(resolve)(LATE);
    const timer = timeout > 0 ? setTimeout(late, Math.min(timeout, MAX_MS)) : undefined;
    if (signal) watch(signal, leave);
    token?.subscribe(leave);
    if (hasLeft(config)) leave();
    work.then(ending(resolve), ending(reject));
  });
}

/** The CanceledError of the program's axios. A cancelToken has one already, with the message it was cancelled with. */
async function canceled(config, message) {
  const said = message === undefined ? own(config, 'cancelToken')?.reason : undefined;
  return said ?? made(config, message ?? 'canceled');
}

async function made(config, message) {
  const axios = await axiosOf(config);
  if (axios !== undefined) return new axios.CanceledError(message, config);
  const error = new Error(message);
  return Object.assign(error, { name: 'CanceledError', code: 'ERR_CANCELED', __CANCEL__: true, config });
}

async function tooLate(config) {
  const message = own(config, 'timeoutErrorMessage') || `timeout of ${config.timeout}ms exceeded`;
  const code = own(config, 'transitional')?.clarifyTimeoutError ? 'ETIMEDOUT' : 'ECONNABORTED';
  const axios = await axiosOf(config);
  if (axios !== undefined) return new axios.AxiosError(message, code, config);
  return Object.assign(new Error(message), { name: 'AxiosError', code, config });
}

/** The copy that made `config`, if it can be found from here. */
async function axiosOf(config) {
  try {
    return await new Copies().of(config);
  } catch {
    return undefined;
  }
}

module.exports = { LATE, LEFT, canceled, hasLeft, tooLate, waiting };
