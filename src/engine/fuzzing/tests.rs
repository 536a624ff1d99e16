//! Every target on its corpus, and on inputs made from it. `npm run fuzz` runs the same for longer: `FUZZ_SECONDS` is the time of each
//! target, `FUZZ_TARGET` names one, and `FUZZ_SEED` is the seed.

use std::fmt::Write as _;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rustix::time::{ClockId, clock_gettime};

use super::{TARGETS, Target};

/// How many inputs each target gets in CI.
const INPUTS: u64 = 2_000;

/// Longer heads are refused before a parser sees them.
const LONGEST: usize = 1 << 16;

/// Of processor time, so that a busy machine does not matter.
const HANG: Duration = Duration::from_secs(1);

/// Pieces that mean something to at least one parser.
const WORDS: [&[u8]; 40] = [
    b"\r\n",
    b"\n",
    b" ",
    b"\t",
    b",",
    b";",
    b"=",
    b"\"",
    b"\\",
    b"/",
    b"//",
    b"..",
    b"?",
    b"#",
    b"@",
    b":",
    b"%00",
    b"%2f",
    b"[",
    b"]",
    b"{",
    b"}",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\0",
    b"a/",
    b"a ",
    b"Bearer ",
    b"error=",
    b"http://",
    b"[::1]",
    b"$-1",
    b"*1",
    b"sealed.1.",
    b"-----BEGIN ",
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(root().join("fuzz/corpus").join(name)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has no corpus");
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// A change or two of an input: bytes, words, cuts, repeats and joins.
fn mutated(corpus: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut input = corpus.choose(random).cloned().unwrap_or_default();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..=input.len());
        let end = random.random_range(at..=input.len());
        match random.random_range(0..7) {
            0 if at < input.len() => input[at] = random.random(),
            1 => drop(input.drain(at..end)),
            2 => input.truncate(at),
            3 => {
                let other = corpus.choose(random).cloned().unwrap_or_default();
                input.splice(at..end, other);
            }
            // Many times, because a parser that looks back each time shows itself by long inputs alone.
            4 if random.random_ratio(1, 8) => {
                let piece =
                    if at < end { input[at..end].to_vec() } else { WORDS.choose(random).unwrap().to_vec() };
                let times = random.random_range(1..=LONGEST / piece.len().max(1));
                input.splice(at..at, piece.repeat(times));
            }
            _ => drop(input.splice(at..at, WORDS.choose(random).unwrap().iter().copied())),
        }
        input.truncate(LONGEST);
    }
    input
}

fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
}

/// Runs the target once. An input that fails is kept in `target/fuzz`.
fn run(name: &str, target: Target, input: &[u8]) {
    let begun = spent();
    let outcome = catch_unwind(|| target(input));
    let took = spent().saturating_sub(begun);
    if outcome.is_err() || took > HANG {
        let folder = root().join("target/fuzz");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}-{}", input.len()));
        fs::write(&file, input).unwrap();
        panic!("{name} fails or takes {took:?} with {}", file.display());
    }
}

/// Runs all inputs of a target: how many were made from the corpus.
fn campaign(name: &str, target: Target) -> u64 {
    let corpus = corpus(name);
    for input in &corpus {
        run(name, target, input);
    }
    let mut random = StdRng::seed_from_u64(number("FUZZ_SEED").unwrap_or(0));
    let limit = number("FUZZ_SECONDS").map(Duration::from_secs);
    let begun = spent();
    let mut inputs = 0;
    while limit.map_or(inputs < INPUTS, |limit| spent().saturating_sub(begun) < limit) {
        run(name, target, &mutated(&corpus, &mut random));
        inputs += 1;
    }
    inputs
}

#[test]
fn no_input_breaks_a_target() {
    let wanted = std::env::var("FUZZ_TARGET").ok();
    let chosen = TARGETS.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name));
    let mut report = String::new();
    for (name, target) in chosen {
        let inputs = campaign(name, *target);
        let _ = writeln!(report, "{name:>14}  {inputs:>10} inputs");
    }
    assert!(!report.is_empty(), "FUZZ_TARGET names no target");
    if number("FUZZ_SECONDS").is_some() {
        fs::create_dir_all(root().join("target/fuzz")).unwrap();
        fs::write(root().join("target/fuzz/report.txt"), report).unwrap();
    }
}

#[test]
fn an_input_that_fails_is_noticed() {
    let broken: Target = |bytes| assert!(bytes.is_empty(), "broken");
    assert!(catch_unwind(|| run("tests", broken, b"x")).is_err());
    let file = root().join("target/fuzz/tests-1");
    assert_eq!(fs::read(&file).unwrap(), b"x");
    fs::remove_file(file).unwrap();
}
