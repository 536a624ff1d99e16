'use strict';

/**
 * Mutants that no test can notice, and why. `text` is the line, `what` the words of cargo-mutants, and `column`
 * tells apart what is on one line; without one of them, all that fit the others.
 */
const EQUIVALENT = [
  ...['true', 'false'].map((text) => ({
    file: 'fleet/switches.rs',
    text,
    why: 'the constant of builds without tests',
  })),
  ...['const MNT_LOCAL: u32 = 0x1000;', 'Ok((stat.f_flags & MNT_LOCAL == 0).then_some("not local"))'].map(
    (text) => ({ file: 'store/file/network.rs', text, why: 'compiled for Apple alone' }),
  ),
  {
    file: 'store/file/watch.rs',
    text: 'let identity = |file: Metadata| (file.modified().ok(), file.created().ok(), file.len());',
    why: 'compiled for Windows alone',
  },
  {
    file: 'fleet/judge.rs',
    text: 'stored.login.seq < known.login.seq',
    why: 'compared only where simulation::mutations has taken rule 4.1 out',
  },
  {
    file: 'fleet/documents.rs',
    what: 'replace Draft::version -> Version with Default::default()',
    why: 'asked only where simulation::mutations has taken rule 3.3 out, or over a record that nobody can read',
  },
  ...[
    ['fleet/login.rs', 'replace match guard switches.keeps(Rule::R3_3) with true in Member::login'],
    [
      'fleet/silence.rs',
      'replace == with != in Watched::is',
      'let same = if switches.keeps(Rule::R6_1) { self.id == lease.id } else { self.owner == lease.owner };',
      92,
    ],
    [
      'fleet/rotation/mod.rs',
      "replace == with != in Rotation<'a>::is_free",
      'let is_own_by_name = switches.has(Bug::FenceByOwner) && lease.owner == self.fleet.settings.owner;',
    ],
    ['fleet/rotation/mod.rs', "replace / with * in Rotation<'a>::wait", 'lives / 2'],
    [
      'fleet/rotation/claim.rs',
      "replace == with != in Rotation<'_>::undecided",
      'if by_id { is_id } else { stored.version == claimed.version }',
    ],
    [
      'fleet/rotation/finish.rs',
      "replace match guard switches.has(Bug::TokenDropped) with false in Rotation<'_>::commit",
    ],
    [
      'fleet/rotation/finish.rs',
      "replace match guard self.fleet.settings.switches.has(Bug::SwallowStoreError) with false in Rotation<'_>::write_commit",
    ],
    [
      'fleet/rotation/renew.rs',
      "replace match guard switches.has(Bug::RenewalFailureIgnored) with false in Rotation<'_>::renew_once",
    ],
    [
      'fleet/rotation/renew.rs',
      "replace match guard switches.keeps(Rule::R7_2) with true in Rotation<'_>::renew_once",
    ],
    ['fleet/rotation/holding.rs', 'replace || with && in Holding::is_mine'],
    [
      'fleet/rotation/holding.rs',
      'replace == with != in Holding::is_mine',
      'return held.stored.record.lease.as_ref().is_some_and(|held| held.owner == lease.owner);',
    ],
  ].map(([file, what, text, column]) => ({
    file,
    what,
    text,
    column,
    why: 'differs only where simulation::mutations has taken a rule out or put a bug in',
  })),
  ...['open', 'lock_file', 'opened', 'create'].map((name) => ({
    file: 'store/file/directory.rs',
    what: `replace | with ^ in Directory<'a>::${name}`,
    why: 'flags that have no bit in common',
  })),
  ...[
    ['store/file/directory.rs', "replace Directory<'a>::sync -> Result<(), StoreFault> with Ok(())"],
    ['store/file/place.rs', 'replace sync -> Result<(), Error> with Ok(())'],
  ].map(([file, what]) => ({ file, what, why: 'only a power failure shows it' })),
  {
    file: 'store/file/place.rs',
    text: 'Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),',
    why: 'no file system that a test can have refuses to sync a directory',
  },
  ...[
    ['store/file/directory.rs', "delete ! in Directory<'a>::open"],
    ['store/file/network.rs', "replace kind -> io::Result<Option<&'static str>> with Ok(None)"],
  ].map(([file, what]) => ({ file, what, why: 'only a network file system shows it' })),
  ...[
    ['fleet/known.rs', 'replace < with <= in Known::knowledge'],
    ['fleet/rotation/holding.rs', 'replace < with <= in Held::is_younger_than'],
    ['fleet/rotation/send.rs', "replace < with <= in Rotation<'_>::repeats"],
  ].map(([file, what]) => ({
    file,
    what,
    why: 'differs in one nanosecond alone, in which either answer is right',
  })),
  {
    file: 'store/redis/place.rs',
    what: 'replace || with && in Place::serving',
    why: 'asks the sentinels once more, to the same end',
  },
  {
    file: 'store/redis/place.rs',
    what: 'replace tcp -> TcpSettings with Default::default()',
    why: 'only the time of a command shows it, and tests assert no times',
  },
  {
    file: 'fleet/known.rs',
    text: 'self.ended.truncate(ENDED - 1);',
    why: 'a bound of memory, one or two higher: sixteen is a number like any other',
  },
  {
    file: 'fleet/rotation/loss.rs',
    what: "delete field unanswered from struct Intent expression in Rotation<'_>::promote",
    why: 'the intent of a lease that is held is never marked as unanswered',
  },
  {
    file: 'store/register.rs',
    what: 'replace <impl fmt::Debug for Document>::fmt -> fmt::Result with Ok(Default::default())',
    why: 'only a test that fails prints it',
  },
];

/** The reason why no test can notice this mutant; undefined if one should. */
function reasonOf({ file, text, what, span }) {
  const { column } = span.start;
  const isIt = (entry) =>
    file.endsWith(entry.file) &&
    (entry.what ?? what) === what &&
    (entry.text ?? text) === text &&
    (entry.column ?? column) === column;
  return EQUIVALENT.find(isIt)?.why;
}

module.exports = { reasonOf };
