//! States and ends of rotations as the trace shows them.

use crate::fleet::{Rotated, State};

pub(super) fn show(state: &State) -> String {
    let tokens = state.tokens.as_ref().map_or("logged out", |tokens| tokens.access.expose());
    let lost = if state.lost.is_some() { ", lost" } else { "" };
    format!("{:?} generation {}, {tokens}{lost}", state.mark.login, state.generation)
}

pub(super) fn describe(rotated: &Rotated) -> String {
    match rotated {
        Rotated::Committed { state, unsaved } => {
            let unsaved = if unsaved.is_some() { ", not saved" } else { "" };
            format!("rotated to {}{unsaved}", show(state))
        }
        Rotated::Adopted(state) => format!("adopted {}", show(state)),
        Rotated::Superseded { .. } => "flight ends: another login came".into(),
        other => format!("flight ends: {other:?}"),
    }
}
