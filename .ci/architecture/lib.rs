//! Reads the modules of a crate, and tells which files name which others.
//!
//! A path is followed through `use` and `pub use` to the file that defines the item, so that a re-export in a `mod.rs` makes
//! no arrow to that `mod.rs`. Tests are left out. A method call names no file; the type that it is called on does.

mod circles;
mod modules;
mod napi_methods;
mod resolve;

pub use circles::{Circle, circles};
pub use modules::Sources;
pub use napi_methods::borrows_across_await;

use std::collections::BTreeMap;

/// From a file to a file, with a path in the first that leads to the second.
pub type Arrows = BTreeMap<(String, String), String>;

/// Reads the crate whose first file is `root`, a key of `sources`.
pub fn arrows(sources: &Sources, root: &str) -> Arrows {
    let modules = modules::read(sources, root);
    let mut arrows = Arrows::new();
    for (from, module) in modules.iter().enumerate() {
        for path in &module.paths {
            let Some(to) = resolve::definition(&modules, from, path) else { continue };
            let to = &modules[to].file;
            if *to != module.file {
                arrows.entry((module.file.clone(), to.clone())).or_insert_with(|| path.join("::"));
            }
        }
    }
    arrows
}
