//! The rules themselves, over `src`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use token_rotator_architecture::{Arrows, Sources, arrows, borrows_across_await, circles};

/// The first file of each crate.
const CRATES: [&str; 2] = ["src/lib.rs", "src/engine/lib.rs"];

/// Which of the engine's large parts each part may name. All else in the engine names none of them.
const MAY_NAME: [(&str, &[&str]); 8] = [
    ("fuzzing", &["client", "fleet", "http", "grant", "store"]),
    ("client", &["present", "session", "fleet", "http", "grant", "store"]),
    ("present", &["session"]),
    ("session", &["fleet", "grant", "store"]),
    ("fleet", &["grant", "store"]),
    ("http", &[]),
    ("grant", &[]),
    ("store", &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources() -> Sources {
    let root = root();
    let mut sources = Sources::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                sources.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

fn engine() -> Arrows {
    arrows(&sources(), CRATES[1])
}

#[test]
fn no_folder_has_a_circle_among_its_children() {
    let sources = sources();
    let found: Vec<_> = CRATES.iter().flat_map(|root| circles(&arrows(&sources, root))).collect();
    assert!(found.is_empty(), "{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn arrows_in_the_engine_run_one_way() {
    let part = |file: &str| {
        let path = file.strip_prefix("src/engine/").unwrap();
        path.split('/').next().unwrap().trim_end_matches(".rs").to_owned()
    };
    let large = |name: &str| MAY_NAME.iter().any(|(part, _)| *part == name);
    let mut wrong = Vec::new();
    let mut right = 0;
    for ((from, to), path) in engine() {
        let (from_part, to_part) = (part(&from), part(&to));
        if from_part == to_part || from_part == "lib" || !large(&to_part) {
            continue;
        }
        let may = MAY_NAME.iter().find(|(part, _)| *part == from_part).map_or(&[][..], |(_, may)| may);
        if may.contains(&to_part.as_str()) {
            right += 1;
        } else {
            wrong.push(format!("{from} names {path} of {to}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right > 10, "the arrows that are right were not seen");
}

#[test]
fn no_method_that_javascript_calls_borrows_itself_across_an_await() {
    let mut seen = 0;
    for (file, text) in sources().iter().filter(|(file, _)| file.starts_with("src/binding/")) {
        let found = borrows_across_await(text);
        assert!(found.is_empty(), "{file}: {found:?}");
        seen += usize::from(text.contains("#[napi]"));
    }
    assert!(seen > 1, "no file of the binding was seen");
}

#[test]
fn the_engine_is_built_without_napi() {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--offline", "--locked", "--prefix=none", "--package=token-rotator-engine"]);
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(tree.lines().any(|line| line.starts_with("tokio v")), "no tree: {tree}");
    let napi: Vec<_> = tree.lines().filter(|line| line.starts_with("napi")).collect();
    assert!(napi.is_empty(), "{napi:?}");
}
