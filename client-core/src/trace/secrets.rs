//! Which values are secrets, and what is shown of them.

use super::json::Json;
use super::python::parse_structure;

/// The shortest secret of which the last four characters are shown.
const SHOWN_FROM_CHARACTERS: usize = 12;

/// Whether the value under `key`, a name or a dotted path, is masked until somebody asks for it: `api_key`,
/// `authorization`, headers, passwords, secrets, and what ends in `token` (not the counts `…_tokens`, not token ids,
/// not the tokens of log-probabilities).
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let last = key
        .rsplit('.')
        .find(|segment| !segment.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or_default();
    let named = |word: &str| key.contains(word);
    named("api_key")
        || named("apikey")
        || named("authorization")
        || named("headers")
        || named("password")
        || named("secret")
        || (last.ends_with("token") && !named("logprobs"))
}

/// What is shown of a secret: its last four characters, or nothing of a short one.
pub fn mask(secret: &str) -> String {
    let count = secret.chars().count();
    if count < SHOWN_FROM_CHARACTERS {
        return "••••".to_owned();
    }
    format!("••••{}", secret.chars().skip(count - 4).collect::<String>())
}

/// Masks all secrets within a value that lies under `path`, also within JSON and Python literals in strings (which
/// become JSON text then). Returns whether there were any.
pub fn mask_json(path: &str, value: &mut Json) -> bool {
    if is_secret(path) {
        return mask_all(value);
    }
    match value {
        Json::Object(members) => {
            let mut found = false;
            for (key, value) in members {
                // The whole path only matters for log-probabilities; one step of it is enough elsewhere.
                let path = if path.contains("logprobs") { format!("logprobs.{key}") } else { key.clone() };
                found |= mask_json(&path, value);
            }
            found
        }
        Json::Array(items) => items.iter_mut().fold(false, |found, item| found | mask_json(path, item)),
        Json::String(text) => {
            let Some(mut inner) = parse_structure(text) else { return false };
            let found = mask_json(path, &mut inner);
            if found {
                *text = inner.to_json();
            }
            found
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Masks every scalar within `value`. Null is no secret.
fn mask_all(value: &mut Json) -> bool {
    match value {
        Json::Null => false,
        Json::Object(members) => members.values_mut().fold(false, |found, value| found | mask_all(value)),
        Json::Array(items) => items.iter_mut().fold(false, |found, item| found | mask_all(item)),
        Json::String(text) => {
            *text = mask(text);
            true
        }
        Json::Bool(_) | Json::Number(_) => {
            *value = Json::string("••••");
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for key in [
            "api_key",
            "API-Key",
            "litellm.user_api_key",
            "gen_ai.request.headers",
            "http.request.headers.cookie",
            "Authorization",
            "db_password_hash",
            "client_secret",
            "access_token",
            "auth.token",
            "auth.token.0",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "prompt_tokens",
            "max_tokens",
            "prompt_token_ids",
            "token_ids",
            "tokenizer",
            "logprobs.content.0.token",
            "key",
        ] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn four_characters_of_a_long_secret_are_shown() {
        assert_eq!(mask("sk-0123456789abcd1f2c"), "••••1f2c");
        assert_eq!(mask("hunter2"), "••••");
        assert_eq!(mask("ключключключключ"), "••••ключ");
    }

    #[test]
    fn secrets_are_masked_at_any_depth_and_within_strings() {
        let text = r#"{"a":{"api_key":"sk-0123456789","n":9007199254740993},
            "headers":{"x":"y","n":null},"input":"{\"password\": \"p\"}","py":"{'api_key': 'k', 'x': None}",
            "logprobs":{"content":[{"token":"a"}]},"max_tokens":3}"#;
        let mut json = Json::parse(text).unwrap();
        assert!(mask_json("", &mut json));
        assert_eq!(
            json.to_json(),
            r#"{"a":{"api_key":"••••6789","n":9007199254740993},"headers":{"x":"••••","n":null},"input":"{\"password\":\"••••\"}","py":"{\"api_key\":\"••••\",\"x\":null}","logprobs":{"content":[{"token":"a"}]},"max_tokens":3}"#
        );
        let mut clean = Json::parse(r#"{"text":"{'a': 1}"}"#).unwrap();
        assert!(!mask_json("", &mut clean));
        assert_eq!(clean.to_json(), r#"{"text":"{'a': 1}"}"#);
    }
}
