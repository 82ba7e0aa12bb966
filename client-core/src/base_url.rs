//! Where a server is: `http://user:password@host:port/path/`, taken apart.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::error::ClientError;
use crate::percent::decode;

/// A server's URL without credentials and without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// Reads a URL. The user and password in it, if any, come back as the value of an `authorization` header.
    pub(crate) fn parse(text: &str) -> Result<(Self, Option<Authorization>), ClientError> {
        // The text is not repeated in errors: it may hold a password.
        let invalid = |what: &str| {
            ClientError::invalid(format!("the server's URL {what}; it looks like http://127.0.0.1:4747"))
        };
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| invalid("has no scheme"))?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err(invalid("is neither http nor https"));
        }
        if rest.contains(['?', '#']) {
            return Err(invalid("has a query or a fragment"));
        }
        if rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(invalid("has a space or another character that URLs do not have"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (Some(credentials), host),
            None => (None, authority),
        };
        let (name, port) = split_port(host).ok_or_else(|| invalid("has a host that is none"))?;
        if name.is_empty() {
            return Err(invalid("has no host"));
        }
        if !port.is_empty() && port.parse::<u16>().is_err() {
            return Err(invalid("has a port that is none"));
        }
        let authorization = credentials
            .map(|text| {
                Authorization::basic(text)
                    .ok_or_else(|| invalid("has a user or password with a broken %-escape"))
            })
            .transpose()?;
        let host = host.strip_suffix(':').unwrap_or(host);
        Ok((Self(format!("{scheme}://{host}{}", path.trim_end_matches('/'))), authorization))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of an absolute path under this one.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn split_port(host: &str) -> Option<(&str, &str)> {
    if host.starts_with('[') {
        let (address, rest) = host.split_once(']')?;
        return if rest.is_empty() { Some((address, "")) } else { Some((address, rest.strip_prefix(':')?)) };
    }
    match host.split_once(':') {
        None => Some((host, "")),
        Some((_, port)) if port.contains(':') => None,
        Some(parts) => Some(parts),
    }
}

/// The value of an `authorization` header: never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Authorization(String);

impl Authorization {
    /// HTTP Basic from `user:password`, both percent-encoded.
    fn basic(credentials: &str) -> Option<Self> {
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let mut plain = decode(user)?;
        plain.push(b':');
        plain.extend(decode(password)?);
        Some(Self(format!("Basic {}", BASE64_STANDARD.encode(plain))))
    }

    /// A bearer token: visible ASCII characters.
    pub(crate) fn bearer(token: &str) -> Result<Self, ClientError> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientError::invalid(
                "the token is empty or has characters that are not visible ASCII; check for a line break at its end",
            ));
        }
        Ok(Self(format!("Bearer {token}")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_their_last_slashes_and_keep_their_path() {
        for (text, expected) in [
            ("http://h:1", "http://h:1"),
            ("http://h:1/", "http://h:1"),
            (" HTTPS://h/x/y/ ", "https://h/x/y"),
            ("http://h:1/x//", "http://h:1/x"),
            ("http://[::1]:4747/", "http://[::1]:4747"),
            ("http://[::1]", "http://[::1]"),
            ("http://h:/x", "http://h/x"),
        ] {
            let (url, authorization) = BaseUrl::parse(text).unwrap();
            assert_eq!((url.as_str(), authorization), (expected, None), "{text}");
        }
        assert_eq!(BaseUrl::parse("http://h/x/").unwrap().0.join("/v1"), "http://h/x/v1");
    }

    #[test]
    fn credentials_become_a_header() {
        for (text, plain) in [
            ("http://user:pass@h", "user:pass"),
            ("http://user@h/x", "user:"),
            ("http://:tok%40en@h", ":tok@en"),
            ("http://a:b@c@h", "a:b@c"),
        ] {
            let (url, authorization) = BaseUrl::parse(text).unwrap();
            let expected = format!("Basic {}", BASE64_STANDARD.encode(plain));
            assert_eq!(authorization.unwrap().as_str(), expected, "{text}");
            assert!(url.as_str().starts_with("http://h"), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_repeated() {
        for text in [
            "",
            "h:4747",
            "ftp://h",
            "http://",
            "http://:80",
            "http://h:70000",
            "http://h:x",
            "http://h/?a=1",
            "http://h/#a",
            "http://h h",
            "http://a:secret%zz@h",
            "http://::1/",
            "http://[::1",
            "http://[::1]x",
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
            assert!(error.to_string().contains("http://127.0.0.1:4747"), "{error}");
        }
    }
}
