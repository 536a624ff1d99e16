'use strict';

// Shows that jest would have told.

const { createServer } = require('node:http');

test('a server that nobody closes', (done) => {
  createServer().listen(0, '127.0.0.1', done);
});
