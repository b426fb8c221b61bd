//! Counts every request of the admin port, the port's own paths and the service's pages alike.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use bytes::Bytes;

use super::{AdminState, METRICS};
use crate::metrics::requests::{Outcome, UNMATCHED, method_label};
use crate::watch::Watch;

/// Around every request.
pub(super) async fn watched(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<Watched>, Error> {
    let state = request.app_data::<Data<AdminState>>();
    let state = state.expect("the app was given its state").clone();
    let route = route(&state, request.path());
    let is_head = request.method() == actix_web::http::Method::HEAD;
    let method = method_label(request.method().as_str());
    let requests = &state.metrics.requests;
    let mut watch = Watch::start(requests, route, method, Outcome::REQUEST_GONE);
    if route == METRICS {
        watch.leave_out_of_flight();
    }
    let answered = watch.cpu.clone().time(next.call(request)).await;
    let code = match &answered {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    watch.outcome = Outcome::Http(code.as_u16());
    Ok(answered?.map_body(|_, body| Watched {
        body,
        is_sent: !is_head,
        watch,
    }))
}

/// Name of a path in metrics: anyone can send any path, so those that nobody answers share one.
fn route(state: &AdminState, path: &str) -> &'static str {
    let own = ["/livez", "/readyz", METRICS];
    if let Some(own) = own.into_iter().find(|own| *own == path) {
        return own;
    }
    let pages = state.pages.find(path);
    pages.map_or(UNMATCHED, |pages| pages.route())
}

/// A body that tells its watch what it costs and how long it is.
pub(super) struct Watched {
    body: BoxBody,
    /// Whether it is sent, or its length alone.
    is_sent: bool,
    watch: Watch,
}

impl MessageBody for Watched {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        let cpu = &this.watch.cpu;
        let polled = cpu.run(|| Pin::new(&mut this.body).poll_next(context));
        if let Poll::Ready(Some(Ok(part))) = &polled
            && this.is_sent
        {
            this.watch.sent(part.len());
        }
        polled
    }
}

#[cfg(test)]
mod tests;
