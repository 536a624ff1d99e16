//! Methods that JavaScript calls.

use syn::visit::Visit;
use syn::{Attribute, ImplItem, ItemImpl};

/// Async methods with a `self`: napi borrows the object for as long as the future lives, and a dying worker frees the object.
pub fn borrows_across_await(text: &str) -> Vec<String> {
    let mut found = Found(Vec::new());
    found.visit_file(&syn::parse_file(text).unwrap_or_else(|error| panic!("{error}")));
    found.0
}

struct Found(Vec<String>);

impl<'ast> Visit<'ast> for Found {
    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        for item in &block.items {
            let ImplItem::Fn(method) = item else { continue };
            let called = is_napi(&block.attrs) || is_napi(&method.attrs);
            if called && method.sig.asyncness.is_some() && method.sig.receiver().is_some() {
                self.0.push(method.sig.ident.to_string());
            }
        }
    }
}

fn is_napi(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("napi"))
}
