//! The HTTP client under both stores that lie on a network.

use std::error::Error;
use std::io;
use std::path::Path;

use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector};
use reqwest::{Certificate, Client, ClientBuilder};

/// A client that follows nobody, asks no proxy and trusts the system's authorities and those of a
/// PEM file.
///
/// # Errors
/// Words that say what does not work.
pub(super) fn builder(ca_file: Option<&Path>) -> Result<ClientBuilder, String> {
    // Fails only where a provider was installed before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("furrow-ndvi/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy();
    if let Some(file) = ca_file {
        let unusable =
            |error: &dyn Error| format!("the certificates of {}: {error}", file.display());
        let pem = std::fs::read(file).map_err(|error| unusable(&error))?;
        let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(&error))?;
        if authorities.is_empty() {
            return Err(format!("{} holds no certificate", file.display()));
        }
        builder = builder.tls_certs_merge(authorities);
    }
    Ok(builder)
}

/// # Errors
/// Words that say what does not work.
pub(super) fn build(builder: ClientBuilder) -> Result<Client, String> {
    let built = builder.build();
    built.map_err(|error| format!("the HTTP client cannot be made: {}", words(&error)))
}

/// Hands a client to a store.
#[derive(Debug)]
pub(super) struct Connector(pub Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// The error of a kind that lies below another one.
pub(super) fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        // An input error answers with its content's source, not with the content.
        let content = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match content {
            Some(content) => Some(content as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// All that an error says, for the log.
pub(super) fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let said = error.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        next = error.source();
    }
    words
}
