//! Where an object lies, as a request says it.

use object_store::path::Path;
use url::Url;

/// Where an object lies, checked for form but not yet for existence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// Key in the store.
    Key(Path),
    /// HTTP address.
    Url(Url),
}

impl Location {
    /// A key: relative, 1 to 512 bytes, without `.` and `..`.
    ///
    /// # Errors
    /// Words that say what is wrong.
    pub fn key(text: &str) -> Result<Self, String> {
        if !(1..=512).contains(&text.len()) {
            return Err("must have 1 to 512 bytes".to_owned());
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err("must be relative and without empty, '.' or '..' parts".to_owned());
        }
        Path::parse(text)
            .map(Self::Key)
            .map_err(|_| "has a character that keys may not have".to_owned())
    }

    /// An HTTP address without credentials.
    ///
    /// # Errors
    /// Words that say what is wrong.
    pub fn url(text: &str) -> Result<Self, String> {
        if !(8..=2048).contains(&text.len()) {
            return Err("must have 8 to 2048 bytes".to_owned());
        }
        let mut url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must be an http: or https: address".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold credentials".to_owned());
        }
        url.set_fragment(None);
        Ok(Self::Url(url))
    }

    /// The whole of it, which tells two objects apart where [`Display`](std::fmt::Display) keeps a
    /// query to itself.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::Key(key) => key.to_string(),
            Self::Url(url) => url.to_string(),
        }
    }
}

/// How an object is called in errors and logs: addresses without their query, which may be secret.
impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => write!(formatter, "{key}"),
            Self::Url(url) => {
                let mut shown = url.clone();
                shown.set_query(None);
                write!(formatter, "{shown}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_the_store() {
        for key in [
            "",
            "/etc/passwd",
            "a/../b",
            "..",
            "./a",
            "a//b",
            "a/",
            "a\u{0}b",
        ] {
            assert!(Location::key(key).is_err(), "{key:?}");
        }
        assert!(Location::key("scenes/12/ab34/B04 10m.tif").is_ok());
    }

    #[test]
    fn addresses_are_http_without_credentials_and_shown_without_their_query() {
        for url in [
            "file:///etc/passwd",
            "ftp://a.org/b",
            "http://user:secret@a.org/b",
            "http",
        ] {
            assert!(Location::url(url).is_err(), "{url}");
        }
        let signed = Location::url("https://a.org/b.tif?sig=secret#part").expect("an address");
        assert_eq!(signed.to_string(), "https://a.org/b.tif");
        assert_eq!(signed.identity(), "https://a.org/b.tif?sig=secret");
    }
}
