//! The form field `claims` (OIDC Core §5.5). It holds the claims that the program asks for each time, and over them those that an API
//! wants to see in the next token.

use serde_json::{Map, Value};

use crate::secret::Secret;

/// `own`: the field as the option `params` has it. It stays where `wanted` says nothing of the same member, because a client tells its
/// server in it that it knows claims challenges (Microsoft's `xms_cc`).
pub(super) fn merged(own: Option<&str>, wanted: &Secret) -> Secret {
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    let (Some(mut all), Some(wanted_members)) = (own.and_then(object), object(wanted.expose())) else {
        return wanted.clone();
    };
    merge(&mut all, wanted_members);
    Secret::new(Value::Object(all).to_string())
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_of_a_challenge_go_over_the_programs_own() {
        let own = r#"{"access_token":{"xms_cc":{"values":["cp1"]},"nbf":null},"id_token":{}}"#;
        let wanted = Secret::new(r#"{"access_token":{"nbf":{"essential":true}}}"#.into());
        let both: Value = serde_json::from_str(merged(Some(own), &wanted).expose()).unwrap();
        assert_eq!(
            both,
            serde_json::json!({
                "access_token": { "xms_cc": { "values": ["cp1"] }, "nbf": { "essential": true } },
                "id_token": {},
            })
        );
        for no_object in [None, Some(""), Some("[]"), Some("x")] {
            assert_eq!(merged(no_object, &wanted), wanted);
        }
    }
}
