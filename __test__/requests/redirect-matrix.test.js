'use strict';

// Every redirect status along every way, with everything that a request can carry, in the mode that follows.

const { closeServers } = require('./servers.js');
const { CARRIED, STATUSES, WAYS } = require('./redirect-cases.js');
const { openWorld, travel } = require('./redirect-world.js');

let world;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(closeServers);

const CASES = WAYS.flatMap((way) => STATUSES.map((status) => ({ way, status })));

describe.each(CARRIED)('$name', (carried) => {
  test.each(CASES)('$status, $way.name', ({ way, status }) => travel(world, { way, carried, status }));
});
