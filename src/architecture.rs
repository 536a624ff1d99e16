//! The rules of `ARCHITECTURE.md` that a program can check, read from the sources themselves.
//!
//! Invariant: what is searched is code without its comments; every rule is shown to catch what it forbids.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path below `src`, and its code.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn breaks(&self, rule: fn(&str) -> Vec<String>) -> Vec<String> {
        rule(&self.code).into_iter().map(|found| format!("{}: {found}", self.path)).collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All sources below `src/<folder>`, but for this file.
fn sources(folder: &str) -> Vec<Source> {
    let src = root().join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
                found.push(Source { path: name, code: code(&fs::read_to_string(path).unwrap()) });
            }
        }
    }
    found.retain(|source| source.path != "architecture.rs");
    assert!(!found.is_empty(), "nothing below src/{folder}");
    found
}

/// Without comments. Line by line: the sources have no block comments.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" // ").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn lines_with(code: &str, needles: &[&str]) -> Vec<String> {
    let breaks = |line: &&str| needles.iter().any(|needle| line.contains(needle));
    code.lines().filter(breaks).map(|line| line.trim().to_owned()).collect()
}

fn naming_napi(code: &str) -> Vec<String> {
    lines_with(code, &["napi"])
}

fn printing(code: &str) -> Vec<String> {
    lines_with(code, &["println!", "eprintln!", "print!(", "dbg!"])
}

fn reading_a_clock(code: &str) -> Vec<String> {
    lines_with(code, &["Instant::now", "SystemTime::now", ".elapsed()", "UNIX_EPOCH"])
}

/// Async methods that borrow `self`, in blocks that JavaScript sees: it may drop the object while they run.
fn borrowing_across_await(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in code.split("#[napi").skip(1) {
        let Some(start) = block.find("impl ") else { continue };
        if block[..start].contains('{') {
            continue;
        }
        let body = block[start..].split("\n}").next().unwrap_or_default();
        found.extend(async_with_self(body));
    }
    // Inside an impl, a method's own attribute ends the split above.
    for method in code.split("#[napi").skip(1) {
        let head = method.split('{').next().unwrap_or_default();
        found.extend(async_with_self(head));
    }
    found
}

fn async_with_self(code: &str) -> Vec<String> {
    let functions = code.split("async fn ").skip(1);
    let heads = functions.map(|function| function.split(')').next().unwrap_or_default());
    heads.filter(|head| head.contains("self")).map(str::to_owned).collect()
}

/// The modules of the engine that this code names: what follows `crate::` or `super::`, in braces too.
fn modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for prefix in ["crate::", "super::"] {
        for rest in code.split(prefix).skip(1) {
            let list = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap_or_default(),
                None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default(),
            };
            let names = list.split(',').map(|name| name.trim().split("::").next().unwrap_or_default());
            found.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    found
}

/// Which parts of the engine must not know which others.
const NO_ARROWS: [(&str, &[&str]); 5] = [
    ("engine/session", &["http", "client"]),
    ("engine/http", &["session", "grant", "store", "client"]),
    ("engine/grant", &["session", "http", "client", "wait"]),
    ("engine/store", &["session", "http", "grant", "client", "wait"]),
    ("engine/wait", &["session", "http", "grant", "store", "client"]),
];

/// Files that everything may use and that use nothing but each other.
const LEAVES: [&str; 5] = ["token", "secret", "clock", "error", "event"];

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "{broken:#?}");
}

fn broken(folder: &str, rule: fn(&str) -> Vec<String>) -> Vec<String> {
    sources(folder).iter().flat_map(|source| source.breaks(rule)).collect()
}

#[test]
fn engine_knows_nothing_of_node() {
    assert_none(&broken("engine", naming_napi));
    assert_eq!(naming_napi(&code("// napi\nuse napi::Env;")), ["use napi::Env;"]);
}

#[test]
fn nothing_prints() {
    assert_none(&broken("", printing));
    assert_eq!(printing("a();\n  eprintln!(\"x\");").len(), 1);
}

#[test]
fn only_the_clock_reads_a_clock() {
    let outside: Vec<_> = sources("").into_iter().filter(|source| source.path != "engine/clock.rs").collect();
    assert_none(&outside.iter().flat_map(|source| source.breaks(reading_a_clock)).collect::<Vec<_>>());
    assert_eq!(reading_a_clock("let a = std::time::Instant::now();").len(), 1);
}

#[test]
fn no_method_that_javascript_calls_borrows_itself_across_an_await() {
    assert_none(&broken("binding", borrowing_across_await));
    let method = "#[napi]\nimpl A {\n    pub async fn a(&self) -> u8 {\n        1\n    }\n}\n";
    let attributed = "#[napi]\nimpl A {\n    #[napi]\n    pub async fn a(\n        &mut self,\n    ) {}\n}\n";
    assert!(!borrowing_across_await(method).is_empty());
    assert!(!borrowing_across_await(attributed).is_empty());
    let fine = "#[napi]\npub struct A {\n    a: u8,\n}\nimpl A {\n    async fn a(&self) {}\n}\n";
    assert_none(&borrowing_across_await(fine));
}

#[test]
fn arrows_in_the_engine_run_one_way() {
    let all = sources("engine");
    for (part, forbidden) in NO_ARROWS {
        for source in all.iter().filter(|source| source.path.starts_with(part)) {
            let named = modules(&source.code);
            let broken: Vec<_> = forbidden.iter().filter(|module| named.contains(**module)).collect();
            assert!(broken.is_empty(), "{} names {broken:?}", source.path);
        }
        assert!(all.iter().any(|source| source.path.starts_with(part)), "{part} is gone");
    }
    let named = modules("use crate::{\n  error::Error,\n http,\n};\nsuper::session::Session;");
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["error", "http", "session"]);
}

#[test]
fn leaves_use_nothing_but_each_other() {
    for leaf in LEAVES {
        let path = format!("engine/{leaf}.rs");
        let source = sources("engine").into_iter().find(|source| source.path == path).unwrap();
        for module in ["client", "session", "http", "grant", "store", "wait"] {
            assert!(!modules(&source.code).contains(module), "{leaf} names {module}");
        }
    }
}

/// Codes that only JavaScript makes.
const ONLY_IN_JS: [&str; 3] = ["ERR_LOCK_TIMEOUT", "ERR_HTTP_STATUS", "ERR_REENTRANT_CALL"];

/// Never seen: the caller gets its signal's own reason.
const ONLY_IN_RUST: [&str; 1] = ["ERR_ABORTED"];

/// All of `ERR_…` in quotes.
fn codes(text: &str) -> BTreeSet<&str> {
    text.split(['"', '\'']).filter(|quoted| quoted.starts_with("ERR_")).collect()
}

#[test]
fn error_codes_are_the_same_in_rust_and_javascript() {
    let rust = fs::read_to_string(root().join("src/engine/error.rs")).unwrap();
    let js = fs::read_to_string(root().join("lib/errors.js")).unwrap();
    let list = js.split("const ERROR_CODES = Object.freeze([").nth(1).unwrap().split("])").next().unwrap();
    let (mut rust, mut js) = (codes(&rust), codes(list));
    assert!(rust.len() > 10 && js.len() > 10);
    for code in ONLY_IN_RUST {
        assert!(rust.remove(code) && !js.contains(code), "{code}");
    }
    for code in ONLY_IN_JS {
        assert!(js.remove(code) && !rust.contains(code), "{code}");
    }
    assert_eq!(rust, js);
}
