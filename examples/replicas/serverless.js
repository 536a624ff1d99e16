'use strict';

// A function that a platform starts when it is needed, keeps for a while, freezes between two calls, and ends without a word.

const { connect } = require('./client.js');

// Outside of the handler, so that the calls of one instance have their connections in common. Nothing is rotated ahead of expiry:
// such a rotation would go on behind the answer, where the platform freezes the process.
const client = connect({ refreshAhead: 0 });

exports.handler = async () => {
  const answer = await client.get('/api/orders');
  return { statusCode: answer.status, body: await answer.text() };
};
