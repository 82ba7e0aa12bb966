//! Where the page stands from the outside.

use std::fmt;
use std::str::FromStr;

use http::HeaderMap;

/// The longest path, in bytes.
const MAX_BYTES: usize = 256;

/// A path that begins and ends with a slash and has no characters that mean something in HTML or would leave the origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicPath(String);

/// Why a path cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a path such as /store: letters, digits, and . _ ~ - between single slashes, 256 bytes at the most"
)]
pub struct InvalidPath;

impl Default for PublicPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl PublicPath {
    /// What a proxy says in `X-Forwarded-Prefix`; none if it says nothing that can be used.
    pub(super) fn of_proxy(request: &HeaderMap) -> Option<Self> {
        request.get("x-forwarded-prefix")?.to_str().ok()?.parse().ok()
    }
}

impl FromStr for PublicPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte);
        let is_fine = text.starts_with('/')
            && text.len() <= MAX_BYTES
            && text.bytes().all(allowed)
            // Two slashes would be another host.
            && !text.contains("//")
            && !text.split('/').any(|part| part == "." || part == "..");
        if !is_fine {
            return Err(InvalidPath);
        }
        let slash = if text.ends_with('/') { "" } else { "/" };
        Ok(Self(format!("{text}{slash}")))
    }
}

impl fmt::Display for PublicPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_and_end_with_a_slash() {
        for (text, expected) in
            [("/", Some("/")), ("/store", Some("/store/")), ("/x/y.z~_-1/", Some("/x/y.z~_-1/"))]
        {
            assert_eq!(text.parse::<PublicPath>().ok().map(|path| path.to_string()).as_deref(), expected);
        }
        for text in ["", "store", "//host", "/a//b", "/a/../b", "/.", "/\"", "/a b", "/<", "/ä"] {
            assert_eq!(text.parse::<PublicPath>(), Err(InvalidPath), "{text}");
        }
        assert!(format!("/{}", "a".repeat(MAX_BYTES)).parse::<PublicPath>().is_err());
    }
}
