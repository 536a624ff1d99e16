//! Targets for fuzzing: what an authorization server answers.

use serde::de::IgnoredAny;
use url::Url;

use crate::grant::Answer;
use crate::grant::oauth::claims::merged;
use crate::grant::oauth::{answer, endpoints};
use crate::secret::Secret;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first byte chooses status and content type; the rest is the body.
pub(crate) fn token_answer(bytes: &[u8]) {
    let Some((choice, body)) = bytes.split_first() else { return };
    let statuses = [200, 201, 302, 400, 401, 403, 429, 500];
    let mut of = Answer::new(statuses[usize::from(choice & 7)], Secret::new(text(body)));
    let types =
        [None, Some("application/json"), Some("application/x-www-form-urlencoded"), Some("text/html")];
    of.content_type = types[usize::from(choice >> 3 & 3)].map(str::to_owned);
    of.challenge = (choice & 0x20 != 0).then(|| text(body));
    let _is_bound = answer::says_dpop(&of);
    match answer::read(&of) {
        Ok(tokens) => assert!((200..300).contains(&of.status) && !tokens.access.expose().is_empty()),
        Err(failed) => drop(format!("{:?}", failed.error)),
    }
}

pub(crate) fn metadata(bytes: &[u8]) {
    let issuer = Url::parse("https://issuer.example/tenant").expect("a URL");
    let _metadata = endpoints::read(Ok(Answer::new(200, Secret::new(text(bytes)))), &issuer);
}

/// The claims of a rejection: the form's field is an object of JSON, with the program's own claims and without.
pub(crate) fn claims(wanted: &Secret) {
    for own in [None, Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)] {
        let field = merged(own, wanted);
        let is_object = field.expose().starts_with('{');
        assert!(
            is_object && serde_json::from_str::<IgnoredAny>(field.expose()).is_ok(),
            "claims are no JSON"
        );
    }
}
