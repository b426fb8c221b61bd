//! `/metrics/django`: the counters of all Python processes, as one.

use std::sync::Arc;

use bytes::Bytes;
use furrow_service_kit::http::{Answered, Asked, Pages};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::accept::{negotiate, wants_gzip};
use crate::scraper::Scraper;

/// Where they are.
pub const PATH: &str = "/metrics/django";

/// The page.
#[derive(Debug)]
pub struct DjangoPage {
    scraper: Scraper,
}

impl DjangoPage {
    /// Answers with what a scraper reads.
    pub fn new(scraper: Scraper) -> Self {
        Self { scraper }
    }

    async fn scraped(&self, asked: &Asked) -> Answered {
        if asked.path != PATH {
            return plain(404, "nothing\n");
        }
        let format = negotiate(asked.accept.as_deref());
        let gzip = wants_gzip(asked.accept_encoding.as_deref());
        let Ok(scraped) = self.scraper.scrape(format, gzip).await else {
            let mut busy = plain(503, "too many scrapes wait\n");
            busy.headers.push(("Retry-After", "1".to_owned()));
            return busy;
        };
        let mut headers = vec![
            ("Content-Type", format.content_type().to_owned()),
            ("Vary", "Accept, Accept-Encoding".to_owned()),
        ];
        if scraped.is_gzip {
            headers.push(("Content-Encoding", "gzip".to_owned()));
        }
        Answered {
            code: 200,
            headers,
            body: scraped.body,
        }
    }
}

impl Pages for DjangoPage {
    fn prefix(&self) -> &'static str {
        PATH
    }

    fn route(&self) -> &'static str {
        PATH
    }

    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Answered> {
        async move { self.scraped(&asked).await }.boxed()
    }
}

fn plain(code: u16, text: &'static str) -> Answered {
    Answered {
        code,
        headers: vec![("Content-Type", "text/plain; charset=utf-8".to_owned())],
        body: Bytes::from_static(text.as_bytes()),
    }
}
