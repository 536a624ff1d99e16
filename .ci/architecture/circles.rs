//! Circles among the direct children of a folder: its files and its subfolders, each with all that is nested in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Arrows;

/// Files that are a folder's own module. It and its children may know each other.
const PARENTS: [&str; 3] = ["mod", "lib", "main"];

pub struct Circle {
    pub folder: String,
    /// Children of the folder, without `.rs`.
    pub members: BTreeSet<String>,
    /// One line for each arrow among the members.
    pub arrows: Vec<String>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {:?}", self.folder, self.members)?;
        self.arrows.iter().try_for_each(|arrow| writeln!(f, "    {arrow}"))
    }
}

pub fn circles(arrows: &Arrows) -> Vec<Circle> {
    let mut folders: BTreeMap<String, Graph> = BTreeMap::new();
    for ((from, to), path) in arrows {
        let Some((folder, from_child, to_child)) = siblings(from, to) else { continue };
        let line = format!("{from_child} → {to_child}: {path} in {from}");
        folders.entry(folder).or_default().entry((from_child, to_child)).or_insert(line);
    }
    folders.into_iter().flat_map(|(folder, graph)| circles_in(&folder, &graph)).collect()
}

type Graph = BTreeMap<(String, String), String>;

/// The folder where two files part, and its children that contain them. None where one of the two is the other's parent.
fn siblings(from: &str, to: &str) -> Option<(String, String, String)> {
    let [from, to] = [from, to].map(|file| file.trim_end_matches(".rs").split('/').collect::<Vec<_>>());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let child = |path: &[&str]| {
        let name = *path.get(common)?;
        let parent = path.len() == common + 1 && PARENTS.contains(&name);
        (!parent).then(|| name.to_owned())
    };
    Some((from[..common].join("/"), child(&from)?, child(&to)?))
}

fn circles_in(folder: &str, graph: &Graph) -> Vec<Circle> {
    let reached: BTreeMap<_, _> = graph.keys().map(|(from, _)| (from, reach(graph, from))).collect();
    let mut found: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for (start, there) in &reached {
        let back = |other: &&String| reached.get(other).is_some_and(|back| back.contains(*start));
        let members: BTreeSet<_> = there.iter().filter(back).cloned().collect();
        if !members.is_empty() {
            found.insert(members);
        }
    }
    let circle = |members: BTreeSet<String>| {
        let inside = graph.iter().filter(|((from, to), _)| members.contains(from) && members.contains(to));
        let arrows = inside.map(|(_, line)| line.clone()).collect();
        Circle { folder: folder.to_owned(), members, arrows }
    };
    found.into_iter().map(circle).collect()
}

/// `start` itself is among them only if a way leads back to it.
fn reach(graph: &Graph, start: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        for (from, to) in graph.keys() {
            if from == at && reached.insert(to.clone()) {
                open.push(to);
            }
        }
    }
    reached
}
