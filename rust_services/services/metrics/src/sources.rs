//! Who is read every ten seconds: other services over HTTP, this one, and the Python processes.

mod gather;
mod http;
mod sampler;
#[cfg(test)]
mod tests;

use std::str::FromStr;

pub use sampler::{Python, Sampler, SamplerParts};

/// Most sources.
const MOST_SOURCES: usize = 16;

/// A service whose metrics are read: `name=http://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name of the service, such as `furrow-ndvi`.
    pub name: String,
    /// Host and port, as they are dialled and as `Host` says.
    authority: String,
    path: String,
}

impl Source {
    /// Parses a list, separated by commas.
    ///
    /// # Errors
    /// A reason that completes a sentence.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let sources: Vec<Self> = parts.map(str::parse).collect::<Result<_, _>>()?;
        if sources.len() > MOST_SOURCES {
            return Err(format!(
                "it has {} sources; {MOST_SOURCES} are allowed",
                sources.len()
            ));
        }
        for (place, source) in sources.iter().enumerate() {
            if sources[..place]
                .iter()
                .any(|other| other.name == source.name)
            {
                return Err(format!("{} is there twice", source.name));
            }
        }
        Ok(sources)
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |reason: &str| format!("{text:?} {reason}");
        let (name, url) = text
            .split_once('=')
            .ok_or_else(|| wrong("is no name=url"))?;
        let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(is_word) {
            return Err(wrong("has a name that is not 1 to 64 of a-z, 0-9 and -"));
        }
        if name == crate::slo::OWN_SERVICE {
            return Err(wrong(
                "is this service, which reads itself without being told",
            ));
        }
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| wrong("does not begin with http://"))?;
        let (authority, path) = match rest.find('/') {
            Some(place) => rest.split_at(place),
            None => (rest, "/metrics"),
        };
        let is_path = |b: u8| b.is_ascii_graphic() && !matches!(b, b'#' | b'?');
        if !path.bytes().all(is_path) {
            return Err(wrong("has a path with characters that paths do not have"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, "80"),
        };
        if !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(wrong("has no port"));
        }
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let is_named = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        let is_host = match address {
            // An address outside would be asked every ten seconds by mistake; a name is chosen.
            Ok(address) => address.is_loopback(),
            Err(_) => (1..=253).contains(&host.len()) && host.bytes().all(is_named),
        };
        if !is_host {
            return Err(wrong("is neither at a loopback address nor at a name"));
        }
        Ok(Self {
            name: name.to_owned(),
            authority: format!("{host}:{port}"),
            path: path.to_owned(),
        })
    }
}
