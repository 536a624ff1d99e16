'use strict';

// What the channels of `node:diagnostics_channel` tell during a test.
//
//   const { heard, listen } = useChannels();   // at the top of a test file: it registers the afterEach
//   listen('request');                         // heard: [['request start', message], ...], with copies of the messages

const { channel, tracingChannel } = require('node:diagnostics_channel');

const EVENTS = ['start', 'asyncEnd', 'error'];

function useChannels() {
  const heard = [];
  const ends = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
    heard.length = 0;
  });
  /** `subscriber`: more to do at the start. */
  const listen = (name, subscriber = (_message) => {}) => {
    const channels = tracingChannel(`token-rotator:${name}`);
    const handlers = Object.fromEntries(
      EVENTS.map((event) => [
        event,
        (message) => {
          heard.push([`${name} ${event}`, { ...message }]);
          if (event === 'start') subscriber(message);
        },
      ]),
    );
    channels.subscribe(handlers);
    ends.push(() => channels.unsubscribe(handlers));
  };
  const listenToSessions = () => {
    const hear = (message) => heard.push(['session', message]);
    channel('token-rotator:session').subscribe(hear);
    ends.push(() => channel('token-rotator:session').unsubscribe(hear));
  };
  const of = (name) => heard.filter(([event]) => event === name).map(([, message]) => message);
  return { heard, listen, listenToSessions, of };
}

exports.useChannels = useChannels;
