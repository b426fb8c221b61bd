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
        // Where both have a tag, it says more than the date.
        let have_tags = self.e_tag.is_some() && later.e_tag.is_some();
        self.size == later.size
            && agree(&self.e_tag, &later.e_tag)
            && (have_tags || agree(&self.last_modified, &later.last_modified))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn known(e_tag: Option<&str>, last_modified: Option<&str>) -> Known {
        Known {
            size: 7,
            e_tag: e_tag.map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
        }
    }

    #[test]
    fn tags_decide_where_both_have_one_and_dates_elsewhere() {
        let first = known(Some("\"1\""), Some("Monday"));
        assert!(first.is_same(&known(Some("\"1\""), Some("Tuesday"))));
        assert!(!first.is_same(&known(Some("\"2\""), Some("Monday"))));
        assert!(first.is_same(&known(None, Some("Monday"))));
        assert!(!first.is_same(&known(None, Some("Tuesday"))));
        assert!(!known(None, Some("Monday")).is_same(&known(Some("\"1\""), Some("Tuesday"))));
    }
}
