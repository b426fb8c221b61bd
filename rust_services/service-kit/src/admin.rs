//! The admin port: `/livez`, `/readyz` and `/metrics`. It shows nothing of the configuration.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

use crate::health::Readiness;
use crate::metrics::Metrics;

/// What the admin port knows.
#[derive(Debug, Clone)]
pub struct AdminState {
    /// Whether all parts came up.
    pub readiness: Readiness,
    /// Whether the process is stopping.
    pub draining: Arc<AtomicBool>,
    /// What counts.
    pub metrics: Metrics,
}

/// Serves on a bound port until the returned future is dropped or its handle stops it.
///
/// # Errors
/// Whatever the system says.
pub fn serve(listener: TcpListener, state: AdminState) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(state.clone()))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(metrics))
    });
    // Probes and scrapes are few and small; signals belong to the service.
    let server = server
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?;
    Ok(server.run())
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().body("live\n")
}

async fn readyz(state: Data<AdminState>) -> HttpResponse {
    if state.draining.load(Ordering::Relaxed) {
        HttpResponse::ServiceUnavailable().body("draining\n")
    } else if state.readiness.is_ready() {
        HttpResponse::Ok().body("ready\n")
    } else {
        HttpResponse::ServiceUnavailable().body("starting\n")
    }
}

async fn metrics(state: Data<AdminState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(state.metrics.text())
}
