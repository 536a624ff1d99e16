'use strict';

// How often an instance asks the engine, which costs each request some microseconds.

const { SharedStorage } = require('../../lib/axios/session/shared-storage.js');

test('a storage counts as shared while a second instance uses it, and not while one writes', () => {
  const storage = new SharedStorage();
  storage.enter();
  storage.hold();
  expect(storage.isShared).toBe(false);
  storage.leave();
  storage.enter();
  expect(storage.isShared).toBe(true);
  const { name } = storage;
  storage.leave();
  storage.leave();
  storage.hold();
  storage.enter();
  expect(storage).toMatchObject({ name, isShared: true });
  for (let users = 2; users > 0; users -= 1) storage.leave();
  storage.enter();
  expect(storage.isShared).toBe(false);
  expect(storage.name).not.toBe(name);
});
