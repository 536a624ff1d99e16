//! The checker over made-up crates: what it must find, and what it must leave alone.

use token_rotator_architecture::{Sources, arrows, borrows_across_await, circles};

fn crate_of(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

/// `from → to` for every arrow, without the root's own.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let arrows = arrows(&crate_of(files), "src/lib.rs");
    arrows
        .keys()
        .filter(|(from, _)| from != "src/lib.rs")
        .map(|(from, to)| format!("{from} → {to}"))
        .collect()
}

fn circle_of(files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    let circles = circles(&arrows(&crate_of(files), "src/lib.rs"));
    circles.into_iter().map(|circle| (circle.folder, circle.members.into_iter().collect())).collect()
}

fn named(folder: &str, members: &[&str]) -> Vec<(String, Vec<String>)> {
    vec![(folder.to_owned(), members.iter().map(|member| (*member).to_owned()).collect())]
}

const ROOT: (&str, &str) = ("src/lib.rs", "mod a;\nmod b;\nmod c;");

#[test]
fn a_circle_of_three_files() {
    let files = [
        ROOT,
        ("src/a.rs", "use crate::b::B;\npub struct A(B);"),
        ("src/b.rs", "pub struct B(super::c::C);"),
        ("src/c.rs", "pub struct C;\nimpl C {\n    fn a(&self) { self::super::a::A::new(); }\n}"),
    ];
    assert_eq!(circle_of(&files), named("src", &["a", "b", "c"]));
}

#[test]
fn a_way_without_return_is_no_circle() {
    let files = [
        ROOT,
        ("src/a.rs", "use crate::{b::B, c::{self, C}};\nfn f(_: B, _: C, _: c::C) {}"),
        ("src/b.rs", "use crate::c::C as Other;\npub struct B(Other);"),
        ("src/c.rs", "pub struct C;"),
    ];
    assert_eq!(found(&files), ["src/a.rs → src/b.rs", "src/a.rs → src/c.rs", "src/b.rs → src/c.rs"]);
    assert!(circle_of(&files).is_empty());
}

#[test]
fn a_folder_counts_as_one_with_all_that_is_nested_in_it() {
    let files = [
        ("src/lib.rs", "mod a;\nmod b;"),
        ("src/a/mod.rs", "mod deep;\nmod other;"),
        ("src/a/deep.rs", "use crate::b::B;"),
        ("src/a/other.rs", "pub struct Other;"),
        ("src/b.rs", "use crate::a::other::Other;\npub struct B(Other);"),
    ];
    assert_eq!(circle_of(&files), named("src", &["a", "b"]));
}

#[test]
fn a_folder_s_own_module_and_its_children_may_know_each_other() {
    let files = [
        ("src/lib.rs", "mod a;"),
        ("src/a/mod.rs", "mod x;\nuse x::X;\npub struct A(X);"),
        ("src/a/x.rs", "mod y;\nuse super::A;\npub struct X;\nfn f(_: A) { y::f(); }"),
        ("src/a/x/y.rs", "pub fn f() -> super::X { super::X }"),
    ];
    assert_eq!(found(&files).len(), 4);
    assert!(circle_of(&files).is_empty());
}

#[test]
fn a_re_export_leads_to_the_file_that_defines_the_item() {
    let files = [
        ("src/lib.rs", "mod a;\nmod b;"),
        ("src/a/mod.rs", "mod x;\nmod y;\npub use self::x::*;\npub use y::Y as Why;"),
        ("src/a/x.rs", "use super::Why;\npub struct X(Why);\n"),
        ("src/a/y.rs", "use crate::a;\npub enum Y { One(Box<a::X>) }"),
        ("src/b.rs", "use crate::a::Why;\nfn f() { Why::One; }"),
    ];
    assert_eq!(circle_of(&files), named("src/a", &["x", "y"]));
    assert!(found(&files).contains(&"src/b.rs → src/a/y.rs".to_owned()));
}

#[test]
fn paths_in_macros_and_inline_modules_count() {
    let files = [
        ("src/lib.rs", "mod a;\nmod b;"),
        ("src/a.rs", "pub struct A;\nfn f() { vec![(1, crate::b::B)]; }"),
        ("src/b.rs", "pub struct B;\nmod inner {\n    fn f() -> super::super::a::A { todo!() }\n}"),
    ];
    assert_eq!(circle_of(&files), named("src", &["a", "b"]));
}

#[test]
fn tests_and_other_crates_do_not_count() {
    let files = [
        ("src/lib.rs", "mod a;\nmod b;"),
        ("src/a.rs", "use b::B;\nuse ::b::C;\nuse std::fmt;\npub struct A;"),
        (
            "src/b.rs",
            "use crate::a::A;\n#[cfg(test)]\nuse crate::c;\n#[cfg(test)]\nmod tests { use crate::a::A; }",
        ),
    ];
    assert_eq!(found(&files), ["src/b.rs → src/a.rs"]);
}

#[test]
fn a_method_that_borrows_itself_across_an_await() {
    let method = "#[napi]\nimpl A {\n    pub async fn a(&self) -> u8 { 1 }\n}";
    let attributed =
        "impl A {\n    #[napi(ts_return_type = \"1\")]\n    pub async fn a(&mut self, b: u8) {}\n}";
    let fine = "#[napi]\npub struct A { a: u8 }\nimpl A {\n    async fn a(&self) {}\n}\n#[napi]\nimpl A {\n    fn b(&self) {}\n    async fn c() {}\n}";
    assert_eq!(borrows_across_await(method), ["a"]);
    assert_eq!(borrows_across_await(attributed), ["a"]);
    assert!(borrows_across_await(fine).is_empty());
}
