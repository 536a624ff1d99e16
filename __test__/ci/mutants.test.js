'use strict';

// Mutants that a run does not try, because their verdict is known.

const { settled } = require('../../.ci/mutants/report.js');

const MUTANT = {
  ...{ id: 7, name: 'src/engine/fleet/known.rs:1:1: delete !', file: 'src/engine/fleet/known.rs' },
  ...{ text: 'if !known {', what: 'delete !', span: { start: { line: 1, column: 1 } } },
};
const { name, file, text } = MUTANT;
const NONE = new Map();
const before = (verdict, line = text) => [{ name, file, text: line, verdict, by: 'an earlier run' }];

test.each(['caught', 'timeout'])('a mutant that was %s stays so while its line is the same', (verdict) => {
  expect(settled(MUTANT, NONE, before(verdict))).toEqual(before(verdict)[0]);
  expect(settled(MUTANT, NONE, before(verdict, 'if !others {'))).toBeUndefined();
});

test.each(['missed', 'equivalent', 'not built'])('a mutant that was %s is judged again', (verdict) => {
  expect(settled(MUTANT, NONE, before(verdict))).toBeUndefined();
});

test('a mutant that does not compile, or that no test can notice, is not tried', () => {
  expect(settled(MUTANT, new Map([[7, 'E0308']]), before('caught'))).toMatchObject({
    ...{ verdict: 'not built', by: 'E0308' },
  });
  const constant = { ...MUTANT, file: 'src/engine/fleet/switches.rs', text: 'true' };
  expect(settled(constant, NONE, [])).toMatchObject({ verdict: 'equivalent', by: expect.any(String) });
});
