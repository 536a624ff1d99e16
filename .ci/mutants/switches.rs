//! Reads the mutants of cargo-mutants from stdin, and prints the files with all of them in: `{ file: text }`.
//!
//! A mutant `n` becomes a branch on `crate::mutant(n)`, so that one build has all of them. The comments `/*[n*/ … /*n]*/` around
//! a branch tell which mutant an error of the compiler is about. Other places than those of the list are left alone.

mod sites;

use std::collections::BTreeMap;
use std::ops::Range;
use std::{env, fs, io, path};

use serde_json::{Value, json};

use sites::{Mutant, Shape, Site};

fn main() {
    let root = env::args().nth(1).expect("the folder of the workspace");
    let list: Vec<Value> = serde_json::from_reader(io::stdin()).expect("a list of mutants");
    let mut files: BTreeMap<&str, Vec<Mutant>> = BTreeMap::new();
    for value in &list {
        files.entry(value["file"].as_str().expect("a file")).or_default().push(Mutant::of(value));
    }
    let texts = files.into_iter().map(|(file, mutants)| {
        let source = fs::read_to_string(path::Path::new(&root).join(file)).expect("a file of the list");
        let sites = sites::find(&source, &mutants);
        (file.to_owned(), json!(Text { source, sites }.whole()))
    });
    serde_json::to_writer(io::stdout(), &texts.collect::<serde_json::Map<_, _>>()).expect("an open stdout");
}

struct Text {
    source: String,
    sites: Vec<Site>,
}

impl Text {
    fn whole(&self) -> String {
        self.render(&(0..self.source.len()), 0)
    }

    /// This range, with the sites in it from number `first` on.
    fn render(&self, range: &Range<usize>, first: usize) -> String {
        let (mut out, mut at) = (String::new(), range.start);
        for (number, site) in self.sites.iter().enumerate().skip(first) {
            // A site inside another one is rendered with it.
            if site.range.start >= at && site.range.end <= range.end {
                out += &self.source[at..site.range.start];
                out += &self.rewritten(number, site);
                at = site.range.end;
            }
        }
        out + &self.source[at..range.end]
    }

    fn rewritten(&self, number: usize, site: &Site) -> String {
        let inner = |range| self.render(range, number + 1);
        match &site.shape {
            Shape::Body(values) => {
                values.iter().map(|(id, value)| branch(*id, &format!("return {value};")) + " ").collect()
            }
            Shape::Binary { left, op, right, by } => {
                let (left, right) = (inner(left), inner(right));
                either(
                    by.iter().map(|(id, op)| (*id, format!("{left} {op} {right}"))),
                    &format!("{left} {op} {right}"),
                )
            }
            Shape::Unary { id, op, operand } => {
                let operand = inner(operand);
                either([(*id, operand.clone())], &format!("{op}{operand}"))
            }
            Shape::Field { id, name, value, without } => {
                let name = name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
                name + &either([(*id, without.clone())], &inner(value))
            }
            Shape::Arm(id) => format!(" if {}", marked(*id, &format!("!crate::mutant({id})"))),
            Shape::Guard { guard, by } => {
                by.iter().fold(inner(guard), |guard, (id, value)| match value.as_str() {
                    "true" => format!("({} || {guard})", marked(*id, &format!("crate::mutant({id})"))),
                    _ => format!("({} && {guard})", marked(*id, &format!("!crate::mutant({id})"))),
                })
            }
        }
    }
}

fn either(mutants: impl IntoIterator<Item = (u64, String)>, original: &str) -> String {
    let branches: String = mutants.into_iter().map(|(id, text)| branch(id, &text) + " else ").collect();
    format!("({branches}{{ {original} }})")
}

fn branch(id: u64, text: &str) -> String {
    marked(id, &format!("if crate::mutant({id}) {{ {text} }}"))
}

fn marked(id: u64, text: &str) -> String {
    format!("/*[{id}*/{text}/*{id}]*/")
}
