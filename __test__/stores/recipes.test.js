'use strict';

// The stores of examples/stores, each over a real server: the duties of a store, and two processes that share a session.

const { registerConformance } = require('../../lib/testing.js');
const { useHarness } = require('../support/harness.js');
const { PATIENCE, useCrew } = require('./support/crew.js');
const { RECIPES, openRecipe, startRecipe } = require('./support/recipes.js');

const { twoProcesses } = useCrew(useHarness());

describe.each(RECIPES)('%s.js', (name) => {
  let server;
  let opened;
  beforeAll(async () => {
    server = await startRecipe(name);
    opened = [1, 2].map(() => openRecipe(name, server.settings));
  }, PATIENCE);
  afterAll(async () => {
    await Promise.all(opened?.map(({ end }) => end()) ?? []);
    await server?.stop();
  });

  test.each(registerConformance(() => opened.map(({ store }) => store)))('$name', ({ run }) => run());

  test(
    'two processes share a session',
    () => twoProcesses({ recipe: { name, settings: server.settings } }),
    PATIENCE,
  );
});
