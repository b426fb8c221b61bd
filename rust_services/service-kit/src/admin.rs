//! The admin port: `/livez`, `/readyz`, `/metrics`, and a service's own pages. It shows nothing of the
//! configuration.

mod watched;

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use tokio::runtime::Handle;

use crate::health::Readiness;
use crate::http::{self, PagesSlot};
use crate::metrics::{Format, Metrics};
use crate::stopping::Stopping;

/// Path of the scrape.
const METRICS: &str = "/metrics";

/// What the admin port knows.
#[derive(Debug, Clone)]
pub struct AdminState {
    /// Whether all parts came up.
    pub readiness: Readiness,
    /// Whether the process is stopping.
    pub stopping: Stopping,
    /// What counts.
    pub metrics: Metrics,
    /// The service's own pages, once it has some.
    pub pages: PagesSlot,
}

/// Serves on a bound port until the returned future is dropped or its handle stops it. Call it on the
/// runtime that answers the service's own pages.
///
/// # Errors
/// Whatever the system says.
pub fn serve(listener: TcpListener, state: AdminState) -> io::Result<Server> {
    let runtime = Handle::current();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(state.clone()))
            .app_data(Data::new(runtime.clone()))
            .wrap(from_fn(watched::watched))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route(METRICS, web::get().to(metrics))
            .default_service(web::to(http::answer))
    });
    // Probes and scrapes are few and small, and pages are made elsewhere; signals belong to the service.
    let server = server
        .workers(1)
        .disable_signals()
        // A caller that closes its side has gone: its page is not made any more.
        .h1_allow_half_closed(false)
        .shutdown_timeout(1)
        .listen(listener)?;
    Ok(server.run())
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().body("live\n")
}

async fn readyz(state: Data<AdminState>) -> HttpResponse {
    if state.stopping.is_set() {
        HttpResponse::ServiceUnavailable().body("draining\n")
    } else if state.readiness.is_ready() {
        HttpResponse::Ok().body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable().body("starting\n")
    }
}

async fn metrics(request: HttpRequest, state: Data<AdminState>) -> HttpResponse {
    let format = Format::accepted(http::joined(&request, "accept").as_deref());
    HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header(("Vary", "Accept"))
        .body(state.metrics.text_in(format))
}
