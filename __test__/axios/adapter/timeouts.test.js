'use strict';

const { compare } = require('./compare.js');

/** Never answers. */
const serve = () => {};
const late = (message, code = 'ECONNABORTED') => ({
  error: { code, message, isAxiosError: true, canceled: false, sent: true, answer: undefined },
});
/** On a busy machine the time may be up before the server has heard of it. */
const except = ['seen'];

compare(__filename, [
  {
    name: 'a server that does not answer in time',
    serve,
    send: (api, { url }) => api.get(url, { timeout: 60 }),
    want: late('timeout of 60ms exceeded'),
    except,
  },
  {
    name: 'a timeout as text',
    serve,
    send: (api, { url }) => api.get(url, { timeout: '60' }),
    want: late('timeout of 60ms exceeded'),
    except,
  },
  {
    name: 'a timeout that is no number',
    serve,
    send: (api, { url }) => api.get(url, { timeout: { strange: 60 } }),
    want: {
      error: { code: 'ERR_BAD_OPTION_VALUE', message: 'error trying to parse `config.timeout` to int' },
    },
    except: ['sent', 'seen'],
  },
  {
    name: 'timeoutErrorMessage',
    serve,
    send: (api, { url }) => api.get(url, { timeout: 60, timeoutErrorMessage: 'too late' }),
    want: late('too late'),
    except,
  },
  {
    name: 'transitional.clarifyTimeoutError',
    serve,
    send: (api, { url }) => api.get(url, { timeout: 60, transitional: { clarifyTimeoutError: true } }),
    want: late('timeout of 60ms exceeded', 'ETIMEDOUT'),
    except,
  },
  {
    name: 'the instance’s timeout',
    serve,
    send: (api, { url }) => {
      api.defaults.timeout = 60;
      return api.get(url);
    },
    want: late('timeout of 60ms exceeded'),
    except,
  },
  // Twenty redirects take longer than one may.
  ...[undefined, 20].map((maxRedirects) => ({
    name: `a redirect does not begin it anew, maxRedirects ${maxRedirects}`,
    serve: (_request, response) => setTimeout(() => response.writeHead(302, { location: '/' }).end(), 30),
    send: (api, { url }) => api.get(url, { timeout: 150, maxRedirects }),
    want: late('timeout of 150ms exceeded'),
    except,
  })),
  {
    name: 'a timeout that is long enough',
    serve: (_request, response) => response.end('"in time"'),
    send: (api, { url }) => api.get(url, { timeout: 60_000 }),
    want: { response: { data: 'in time' } },
  },
  {
    name: 'a timeout of 0 is none',
    serve: (_request, response) => response.end('"in time"'),
    send: (api, { url }) => api.get(url, { timeout: 0 }),
    want: { response: { data: 'in time' } },
  },
]);
