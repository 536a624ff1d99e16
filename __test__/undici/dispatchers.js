'use strict';

// undici's dispatchers with a client's tokens, and what a request through one of them comes to.
//
//   const { through, keep } = useDispatchers();       // at the top of a test file: it registers the afterEach
//
//   const api = through(client, { inside: [retry()], outside: [redirect()], base: keep(new Pool(…)) });
//   const { status, text, context } = await ask(api, url, { method: 'POST', body });
//   const { calls, ended } = record(api, { origin, path, method: 'GET' });

const undici = require('undici');
const { tokenInterceptor } = require('../../lib/undici.js');
const { clientFor } = require('../requests/servers.js');

function useDispatchers() {
  const open = [];
  afterEach(() => Promise.all(open.splice(0).map((dispatcher) => dispatcher.destroy())));

  /** The same dispatcher, destroyed after the test. */
  const keep = (dispatcher) => {
    open.push(dispatcher);
    return dispatcher;
  };
  /** `inside`: interceptors between the token and the wire; `outside`: between the caller and the token. */
  const through = (client, { base, inside = [], outside = [], options } = {}) =>
    (base ?? keep(new undici.Agent())).compose(...inside, tokenInterceptor(client, options), ...outside);
  return { keep, through };
}

async function ask(dispatcher, url, options) {
  const { statusCode, headers, trailers, context, body } = await undici.request(url, {
    dispatcher,
    ...options,
  });
  const text = await body.text();
  return { status: statusCode, headers, trailers, tokenRotator: context?.tokenRotator, text };
}

/**
 * Dispatches with a handler that writes down its calls: [name, …]. `on` gives more to do in a call, by its name, after
 * the controller: { onResponseStart(controller, status) { … } }. `ended` resolves with the calls once there is an end;
 * `controller` is what the handler was given first.
 */
function record(dispatcher, options, on = {}) {
  const calls = [];
  let end;
  const recorded = { calls, controller: undefined, ended: new Promise((resolve) => (end = resolve)) };
  const handler = {};
  const listen = (name, kept) => {
    handler[name] = (controller, ...args) => {
      recorded.controller ??= controller;
      calls.push([name, ...kept(...args)]);
      on[name]?.(controller, ...args);
      if (name === 'onResponseEnd' || name === 'onResponseError') end(calls);
    };
  };
  listen('onRequestStart', () => []);
  listen('onRequestUpgrade', (status) => [status]);
  listen('onResponseStart', (status) => [status]);
  listen('onResponseData', (chunk) => [String(chunk)]);
  listen('onResponseEnd', (trailers) => [trailers]);
  listen('onResponseError', (error) => [error]);
  dispatcher.dispatch({ path: '/', method: 'GET', ...options }, handler);
  return recorded;
}

const names = (calls) => calls.map(([name]) => name);
const dataOf = (calls) =>
  calls.flatMap(([name, chunk]) => (name === 'onResponseData' ? [chunk] : [])).join('');

/** A client whose refresh waits for `answer()`; `asked` says that it has begun. */
function waiting(server, options) {
  let answer;
  let begin;
  const asked = new Promise((resolve) => (begin = resolve));
  const refresh = () => {
    begin();
    return new Promise((resolve) => (answer = () => resolve({ accessToken: 'second' })));
  };
  return { asked, answer: () => answer(), client: clientFor(server, { refresh, ...options }) };
}

module.exports = { ask, dataOf, names, record, useDispatchers, waiting };
