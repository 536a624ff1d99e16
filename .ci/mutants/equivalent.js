'use strict';

/**
 * Mutants that no test of this machine can notice, and why. `text` is the line, `what` the words of cargo-mutants; without one of
 * them, all that fit the other.
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
];

module.exports = { EQUIVALENT };
