//! The part of a record that may be seen: everything but tokens. `npx token-rotator inspect` prints it.
//!
//! It reads field by field rather than as a record, so that a record of a newer release is told of as well. Tokens stay
//! where they are, in the [`Secret`] that was read: no copy of them is made.
//!
//! [`Secret`]: crate::secret::Secret

use std::collections::HashMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::fleet::sealing::Seal;
use crate::store::{Listed, StoreError};

type Fields<'a> = HashMap<String, &'a RawValue>;

/// JSON: an object for each record, as `lib/inspect/report.js` takes it. `sessions` are the keys of what was listed, in this order,
/// if they were given.
pub fn describe(seal: &Seal, listed: &[Listed], sessions: &[String]) -> String {
    let key = |at| sessions.get(at).map(String::as_str);
    let told = listed.iter().enumerate().map(|(at, listed)| describe_one(seal, key(at), listed));
    Value::Array(told.collect()).to_string()
}

fn describe_one(seal: &Seal, session: Option<&str>, listed: &Listed) -> Value {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
    tell("name", json!(listed.name));
    tell("session", json!(session));
    tell("writtenAt", json!(listed.written_at));
    let document = match &listed.document {
        Ok(Some(document)) => document,
        Ok(None) => {
            tell("missing", json!(true));
            return Value::Object(told);
        }
        Err(error) => {
            tell("problem", json!(problem(error)));
            return Value::Object(told);
        }
    };
    tell("sealedWith", json!(Seal::key_name(&document.text)));
    match seal.open_named(&listed.name, &document.text) {
        Ok(record) => match fields(record.expose()) {
            Some(fields) => describe_record(&fields, &mut tell),
            None => drop(tell("problem", json!(problem(&StoreError::Corrupt { cause: None })))),
        },
        Err(error) => drop(tell("problem", json!(problem(&error)))),
    }
    Value::Object(told)
}

fn describe_record(record: &Fields<'_>, tell: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let part = |name: &str| record.get(name).and_then(|part| fields(part.get()));
    let copied = |part: Option<Fields<'_>>, names: &[&str]| {
        part.map(|part| {
            let copy = |name: &&str| Some(((*name).to_owned(), plain(part.get(*name)?)?));
            Value::Object(names.iter().filter_map(copy).collect())
        })
    };
    let generation = record.get("gen").and_then(|generation| plain(generation));
    tell("generation", json!(generation));
    // A record of generation 0 stands before the first login, while a grant is asked without a token.
    tell("loggedOut", json!(part("tokens").is_none() && generation != Some(json!(0))));
    tell("expiresAt", json!(part("tokens").and_then(|tokens| plain(tokens.get("expires_at")?))));
    tell("lease", json!(copied(part("lease"), &["owner", "ms", "beat"])));
    tell("intent", json!(copied(part("intent"), &["grace", "unanswered"])));
    let candidates =
        record.get("candidates").and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
    tell("candidates", json!(candidates.map_or(0, |list| list.len())));
    tell("lost", json!(copied(part("lost"), &["reason"])));
    tell("cooldown", json!(copied(part("cooldown"), &["ms"])));
}

/// None if it is no object.
fn fields(text: &str) -> Option<Fields<'_>> {
    serde_json::from_str(text).ok()
}

/// A value that is no object and no list.
fn plain(value: &RawValue) -> Option<Value> {
    let value: Value = serde_json::from_str(value.get()).ok()?;
    (!value.is_object() && !value.is_array()).then_some(value)
}

/// For people who look into a store, and not for a program whose call failed.
pub fn problem(error: &StoreError) -> String {
    match error {
        StoreError::Fault(fault) => fault.to_string(),
        StoreError::Corrupt { .. } => {
            "the record is damaged, or belongs to another session or store".to_owned()
        }
        StoreError::TimedOut => "no answer came in time".to_owned(),
        StoreError::Failed { .. } | StoreError::Gone => "the store failed".to_owned(),
    }
}

#[cfg(test)]
mod tests;
