//! From a path to the module that defines what it names.

use std::collections::BTreeSet;

use crate::modules::Module;

#[derive(Clone, Copy)]
enum Found {
    Module(usize),
    /// An item of this module.
    Item(usize),
}

/// None for what is not of this crate.
pub(crate) fn definition(modules: &[Module], from: usize, path: &[String]) -> Option<usize> {
    match (Search { modules, asked: BTreeSet::new() }).follow(from, path)? {
        Found::Module(module) | Found::Item(module) => Some(module),
    }
}

struct Search<'a> {
    modules: &'a [Module],
    /// Names that are being looked up: two imports may lead to each other.
    asked: BTreeSet<(usize, String)>,
}

impl Search<'_> {
    fn follow(&mut self, from: usize, path: &[String]) -> Option<Found> {
        let mut found = None;
        for name in path {
            let at = match found {
                Some(Found::Module(module)) => Some(module),
                // What follows an item is its variant, function or constant.
                Some(Found::Item(_)) => break,
                None => None,
            };
            let next = match name.as_str() {
                "crate" => Some(Found::Module(0)),
                "self" | "Self" => Some(Found::Module(at.unwrap_or(from))),
                "super" => self.modules[at.unwrap_or(from)].parent.map(Found::Module),
                name => self.look_up(at.unwrap_or(from), name),
            };
            // What a module does not define in its text, a macro defines there.
            found = Some(next.or(found)?);
        }
        found
    }

    fn look_up(&mut self, module: usize, name: &str) -> Option<Found> {
        let key = (module, name.to_owned());
        if !self.asked.insert(key.clone()) {
            return None;
        }
        let modules = self.modules;
        let Module { children, items, imports, globs, .. } = &modules[module];
        let found = if let Some(&child) = children.get(name) {
            Some(Found::Module(child))
        } else if items.contains(name) {
            Some(Found::Item(module))
        } else if let Some(path) = imports.get(name) {
            self.follow(module, path)
        } else {
            globs.iter().find_map(|path| match self.follow(module, path)? {
                Found::Module(other) => self.look_up(other, name),
                Found::Item(_) => None,
            })
        };
        self.asked.remove(&key);
        found
    }
}
