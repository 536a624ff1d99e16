//! The places of a file at which the mutants of a list are.

use std::ops::Range;

use proc_macro2::LineColumn;
use serde_json::Value;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, BinOp, Block, Expr, ExprBinary, ExprStruct, ExprUnary, FieldValue, Member, Pat, PatGuard};

pub struct Mutant {
    id: u64,
    genre: String,
    start: LineColumn,
    replacement: String,
}

pub struct Site {
    /// Empty for an insertion.
    pub range: Range<usize>,
    pub shape: Shape,
}

/// The numbers are those of the mutants, the ranges are operands.
pub enum Shape {
    Body(Vec<(u64, String)>),
    Binary {
        left: Range<usize>,
        op: String,
        right: Range<usize>,
        by: Vec<(u64, String)>,
    },
    Unary {
        id: u64,
        op: String,
        operand: Range<usize>,
    },
    /// `name` is written where the field is short for `name: name`.
    Field {
        id: u64,
        name: Option<String>,
        value: Range<usize>,
        without: String,
    },
    /// An arm without guard gets one.
    Arm(u64),
    Guard {
        guard: Range<usize>,
        by: Vec<(u64, String)>,
    },
}

impl Mutant {
    pub fn of(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let number = |value: &Value| value.as_u64().expect("a number");
        let start = &value["span"]["start"];
        let size = |value: &Value| usize::try_from(number(value)).expect("a small number");
        Self {
            id: number(&value["id"]),
            genre: text(&value["genre"]),
            start: LineColumn { line: size(&start["line"]), column: size(&start["column"]) - 1 },
            replacement: text(&value["replacement"]),
        }
    }
}

/// In order; an outer site before those inside it.
pub fn find(source: &str, mutants: &[Mutant]) -> Vec<Site> {
    let file = syn::parse_file(source).expect("Rust");
    let mut finder = Finder { source, mutants, sites: Vec::new() };
    finder.visit_file(&file);
    // An insertion comes before the expression that begins there. Among equals the outer one was visited first.
    finder.sites.sort_by_key(|site| (site.range.start, !site.range.is_empty(), usize::MAX - site.range.end));
    finder.sites
}

struct Finder<'a> {
    source: &'a str,
    mutants: &'a [Mutant],
    sites: Vec<Site>,
}

impl Finder<'_> {
    fn at(&self, genre: &str, start: LineColumn) -> Vec<(u64, String)> {
        let here = |mutant: &&Mutant| mutant.genre == genre && mutant.start == start;
        self.mutants.iter().filter(here).map(|mutant| (mutant.id, mutant.replacement.clone())).collect()
    }

    fn add(&mut self, range: Range<usize>, shape: Shape) {
        self.sites.push(Site { range, shape });
    }

    fn text(&self, node: &impl Spanned) -> String {
        self.source[range(node)].to_owned()
    }
}

fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// `a && let b = c`: no expression may stand around it.
fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(ExprBinary { left, op: BinOp::And(_), right, .. }) => has_let(left) || has_let(right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        if let Some(first) = block.stmts.first() {
            let values = self.at("FnValue", first.span().start());
            if !values.is_empty() {
                let start = range(first).start;
                self.add(start..start, Shape::Body(values));
            }
        }
        visit::visit_block(self, block);
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let by = self.at("BinaryOperator", binary.op.span().start());
        if !by.is_empty() && !has_let(&binary.left) && !has_let(&binary.right) {
            let (left, right) = (range(&binary.left), range(&binary.right));
            let shape =
                Shape::Binary { op: self.text(&binary.op), left: left.clone(), right: right.clone(), by };
            self.add(left.start..right.end, shape);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        if let Some((id, _)) = self.at("UnaryOperator", unary.op.span().start()).pop() {
            let shape = Shape::Unary { id, op: self.text(&unary.op), operand: range(&unary.expr) };
            self.add(range(unary), shape);
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        if let Some((id, _)) = self.at("MatchArm", arm.span().start()).pop() {
            let end = range(&arm.pat).end;
            self.add(end..end, Shape::Arm(id));
        }
        if let Pat::Guard(PatGuard { guard, .. }) = &arm.pat {
            let by = self.at("MatchArmGuard", guard.span().start());
            if !by.is_empty() && !has_let(guard) {
                self.add(range(guard), Shape::Guard { guard: range(guard), by });
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, literal: &'ast ExprStruct) {
        for field @ FieldValue { member, .. } in &literal.fields {
            let (Member::Named(name), Some(rest)) = (member, &literal.rest) else { continue };
            let Some((id, _)) = self.at("StructField", field.span().start()).pop() else { continue };
            let base = match self.text(rest).as_str() {
                "Default::default()" => format!("<{} as Default>::default()", self.text(&literal.path)),
                base => base.to_owned(),
            };
            let (value, without) = (range(&field.expr), format!("{base}.{name}"));
            let name = field.colon_token.is_none().then(|| name.to_string());
            self.add(value.clone(), Shape::Field { id, name, value, without });
        }
        visit::visit_expr_struct(self, literal);
    }
}
