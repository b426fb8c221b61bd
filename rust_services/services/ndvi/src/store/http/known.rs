//! What is known of an object on a server.

use url::Url;

/// What is known of an object since its first answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// Bytes of the whole.
    pub size: u64,
    /// Entity tag, with its quotes.
    pub e_tag: Option<String>,
    /// Time of change, as it was said.
    pub last_modified: Option<String>,
}

impl Known {
    /// Changes whenever the bytes do; None where the server says nothing of the kind.
    pub fn version(&self) -> Option<&str> {
        let said = self.e_tag.as_ref().or(self.last_modified.as_ref());
        said.map(String::as_str)
    }

    /// Whether a later answer is of the same object, by what both say.
    pub fn is_same(&self, later: &Self) -> bool {
        let agree = |one: &Option<String>, two: &Option<String>| match (one, two) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        };
        self.size == later.size
            && agree(&self.e_tag, &later.e_tag)
            && (self.e_tag.is_some() || agree(&self.last_modified, &later.last_modified))
    }

    /// The tag to ask for. A weak one never matches, RFC 9110, 13.1.1.
    pub fn strong_tag(&self) -> Option<&str> {
        self.e_tag.as_deref().filter(|tag| !tag.starts_with("W/"))
    }
}

/// An object on a server, as it was when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    /// Where redirects led.
    pub url: Url,
    pub known: Known,
}
