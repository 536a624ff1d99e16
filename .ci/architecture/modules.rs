//! The tree of a crate's modules, and what each of them defines, imports and names.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, UseTree};

/// Path of a file, with `/`, and its text.
pub type Sources = BTreeMap<String, String>;

pub(crate) type Path = Vec<String>;

#[derive(Default)]
pub(crate) struct Module {
    pub(crate) file: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    pub(crate) items: BTreeSet<String>,
    /// Names that `use` brings, with what each stands for.
    pub(crate) imports: BTreeMap<String, Path>,
    pub(crate) globs: Vec<Path>,
    /// All paths in the module's code, those of `use` included.
    pub(crate) paths: BTreeSet<Path>,
}

/// The first is the root.
pub(crate) fn read(sources: &Sources, root: &str) -> Vec<Module> {
    let mut modules = Vec::new();
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    read_file(sources, &mut modules, None, root, folder);
    modules
}

/// `folder`: where the files of the module's own modules lie.
fn read_file(
    sources: &Sources,
    modules: &mut Vec<Module>,
    parent: Option<usize>,
    file: &str,
    folder: &str,
) -> usize {
    let syntax = syn::parse_file(&sources[file]).unwrap_or_else(|error| panic!("{file}: {error}"));
    let module = add(modules, parent, file);
    Reader { sources, modules, module, folder: folder.to_owned() }.visit_file(&syntax);
    module
}

fn add(modules: &mut Vec<Module>, parent: Option<usize>, file: &str) -> usize {
    modules.push(Module { file: file.to_owned(), parent, ..Module::default() });
    modules.len() - 1
}

struct Reader<'a> {
    sources: &'a Sources,
    modules: &'a mut Vec<Module>,
    module: usize,
    folder: String,
}

impl Reader<'_> {
    fn current(&mut self) -> &mut Module {
        &mut self.modules[self.module]
    }

    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = before.last() {
                    self.bring(last.clone(), before.to_vec());
                }
            }
            UseTree::Name(name) => self.bring(name.ident.to_string(), with(&name.ident)),
            UseTree::Rename(rename) => self.bring(rename.rename.to_string(), with(&rename.ident)),
            UseTree::Glob(_) => self.current().globs.push(before.to_vec()),
        }
    }

    fn bring(&mut self, name: String, path: Path) {
        self.current().paths.insert(path.clone());
        self.current().imports.insert(name, path);
    }

    /// Code in a macro is not parsed: whatever looks like a path counts as one.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path = Path::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.name(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.name(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
        }
        self.name(path);
    }

    fn name(&mut self, path: Path) {
        if !path.is_empty() {
            self.current().paths.insert(path);
        }
    }

    fn module(&mut self, item: &syn::ItemMod) {
        let name = item.ident.to_string();
        let folder = format!("{}/{name}", self.folder);
        let child = if let Some((_, items)) = &item.content {
            let file = self.current().file.clone();
            let child = add(self.modules, Some(self.module), &file);
            let mut reader = Reader { sources: self.sources, modules: self.modules, module: child, folder };
            for item in items {
                reader.visit_item(item);
            }
            child
        } else {
            let files = [format!("{folder}.rs"), format!("{folder}/mod.rs")];
            let file = files.iter().find(|file| self.sources.contains_key(*file));
            let file = file.unwrap_or_else(|| panic!("mod {name}: none of {files:?}"));
            read_file(self.sources, self.modules, Some(self.module), file, &folder)
        };
        self.current().children.insert(name, child);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, defined) = parts(item);
        if is_test(attributes) {
            return;
        }
        self.current().items.extend(defined.map(Ident::to_string));
        match item {
            Item::Mod(module) => self.module(module),
            Item::Use(item) if item.leading_colon.is_none() => self.import(&item.tree, &[]),
            Item::Use(_) => {}
            item => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.name(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.scan(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

/// Whether `cfg` keeps the item for tests.
fn is_test(attributes: &[Attribute]) -> bool {
    let for_tests = |attribute: &Attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    };
    attributes.iter().any(for_tests)
}

fn parts(item: &Item) -> (&[Attribute], Option<&Ident>) {
    match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Impl(item) => (&item.attrs, None),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        Item::Mod(item) => (&item.attrs, None),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Union(item) => (&item.attrs, Some(&item.ident)),
        Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}
