'use strict';

// `axiosAdapter` sends the requests of an axios instance through a TokenClient, and returns responses and errors in the
// form of axios' own http adapter.

const { sinceStart } = require('../clock.js');
const { own, readGroup } = require('../options/check.js');
const { authoriser } = require('../external/authoriser.js');
const { answerOf, settle } = require('./adapter/answer.js');
const { Cancel } = require('./adapter/cancel.js');
const { toAxiosError } = require('./adapter/errors.js');
const { follow, isWatched } = require('./adapter/redirects.js');
const { readRequest } = require('./adapter/request.js');
const { FakeClientRequest } = require('./adapter/fake-client-request.js');
const { refuseUnsupported } = require('./adapter/unsupported.js');
const { Copies } = require('./find-axios.js');

/** @type {typeof import('../../axios').axiosAdapter} */
function axiosAdapter(client, options) {
  const auth = authoriser(client);
  const copies = new Copies(readGroup(options, 'options', ['axios'], '').axios);

  return async function tokenRotatorAdapter(config) {
    const cancel = new Cancel(config);
    let sent, response;
    const fail = async (error) => toAxiosError(cancel.read(error), config, sent, await copies.of(config));
    try {
      refuseUnsupported(config);
      const { href, request } = await readRequest(config, copies.any, cancel.signal);
      sent = new FakeClientRequest(request.method, href);
      const { timeout } = request;
      const end = sinceStart() + timeout;
      // 0 stands for the client's own timeout.
      const timeLeft = () => timeout && Math.max(1, Math.ceil(end - sinceStart()));
      const answer = isWatched(config)
        ? await follow(auth, href, request, config, sent, timeLeft)
        : await auth.exchange(href, request);
      if (own(config, 'responseType') !== 'stream') answer.download?.completeWithin(timeLeft() || undefined);
      response = await answerOf(answer, config, sent, cancel.signal, fail);
      return settle(response, answer);
    } catch (error) {
      throw await fail(error);
    } finally {
      cancel.release(response?.data);
    }
  };
}

module.exports = { axiosAdapter };
