//! A service from its bound ports to its last answer.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot, watch};
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tracing::{error, info, warn};

use crate::admin::{self, AdminState};
use crate::call::CallLayer;
use crate::compute::ComputePool;
use crate::config::ConfigError;
use crate::health::{self, Latch};
use crate::http::PagesSlot;
use crate::listen::Listen;
use crate::metrics::Metrics;
use crate::program::Program;
use crate::stopping::{Background, Stopping, stopping};

/// Headers of a call that a peer may send, bytes.
const MAX_HEADER_BYTES: u32 = 16 * 1024;

/// Connections that are open at the same time, and calls that one may have open. A connection holds
/// at most a MiB that nobody has read yet, so that all take 64 MiB.
const MAX_CONNECTIONS: usize = 64;
const MAX_STREAMS_PER_CONNECTION: u32 = 32;

/// Calls beyond the slots whose messages are read, to be answered as busy or to take a slot that is
/// given back meanwhile. A message has at most 16 MiB: with four slots, all take 192 MiB.
const CALLS_BEYOND_SLOTS: usize = 8;

/// How often a peer that is silent is asked whether it is still there, and how long it may think: a
/// machine that vanished would hold its calls for ever.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What tasks beside the calls have at least to end in, when calls took all of the time to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the kit hands to a service that comes up.
#[derive(Debug)]
pub struct Kit {
    /// What counts.
    pub metrics: Metrics,
    /// Where calls compute.
    pub compute: Arc<ComputePool>,
    /// Where the service's own pages go, if it has some.
    pub pages: PagesSlot,
    /// The process is not ready before this and its clones are dropped.
    pub latch: Latch,
    /// Set when the process takes no new calls any more.
    pub stopping: Stopping,
    /// Tasks beside the calls, waited for at the end: after the last call and the last page, as long
    /// as the time to end lasts.
    pub background: Background,
}

/// Why a service did not come up, or did not stay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// A part of the service cannot work.
    #[error("{0}")]
    Part(String),
    /// A server ended by itself.
    #[error("the {part} server ended: {reason}")]
    Ended {
        /// Which.
        part: &'static str,
        /// Why.
        reason: String,
    },
}

/// Where a service listens, once it does.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// gRPC.
    pub grpc: Listen,
    /// `/livez`, `/readyz`, `/metrics`, and the service's own pages.
    pub admin: SocketAddr,
}

/// Serves a program until `stop` completes, then drains. Tells `listening` where, once bound.
///
/// Returns whether every call and every task beside the calls ended before the drain timeout.
///
/// # Errors
/// [`StartError`] when a port is taken, a part cannot work, or a server ends by itself.
pub async fn serve<P: Program>(
    config: P::Config,
    listening: Option<oneshot::Sender<Addresses>>,
    stop: impl Future<Output = ()> + Send,
) -> Result<bool, StartError> {
    let kit_config = P::kit(&config).clone();
    let metrics = Metrics::new(P::NAME, P::VERSION);
    let (latch, readiness) = health::latch();
    let (stop_all, stopping) = stopping();
    let background = Background::default();
    let pages = PagesSlot::default();

    let taken = |address: String| move |source| StartError::Listen { address, source };
    let listener = kit_config.listen.bind().await;
    let listener = listener.map_err(taken(kit_config.listen.to_string()))?;
    let grpc = listener
        .address()
        .map_err(taken(kit_config.listen.to_string()))?;
    let admin_taken = || taken(kit_config.admin_listen.to_string());
    let admin_listener =
        std::net::TcpListener::bind(kit_config.admin_listen).map_err(admin_taken())?;
    let admin = admin_listener.local_addr().map_err(admin_taken())?;
    let admin_state = AdminState {
        readiness: readiness.clone(),
        stopping: stopping.clone(),
        metrics: metrics.clone(),
        pages: pages.clone(),
    };
    let admin_server = admin::serve(admin_listener, admin_state).map_err(admin_taken())?;
    let admin_handle = admin_server.handle();
    let mut admin_task = tokio::spawn(admin_server);

    let kit = Kit {
        compute: ComputePool::new(kit_config.threads, metrics.clone()),
        metrics: metrics.clone(),
        pages,
        latch,
        stopping,
        background: background.clone(),
    };
    let room = kit.compute.slot_count() + CALLS_BEYOND_SLOTS;
    let routes = P::routes(config, kit).await?;

    let health = HealthReporter::new();
    health
        .set_service_status("", ServingStatus::NotServing)
        .await;
    health
        .set_service_status(P::SERVICE, ServingStatus::NotServing)
        .await;
    let (drain, mut drained) = watch::channel(false);
    let mut grpc_task = tokio::spawn(
        Server::builder()
            .layer(CallLayer {
                methods: P::METHODS,
                version: P::VERSION,
                metrics,
                room: Arc::new(Semaphore::new(room)),
            })
            .max_concurrent_streams(MAX_STREAMS_PER_CONNECTION)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
            .add_routes(with_health(
                routes,
                &health,
                kit_config.reflection.then_some(P::CONTRACTS),
            )?)
            .serve_with_incoming_shutdown(listener.at_most(MAX_CONNECTIONS), async move {
                let _ = drained.wait_for(|draining| *draining).await;
            }),
    );
    info!(service = P::NAME, version = P::VERSION, %grpc, %admin, "Listening.");
    if let Some(listening) = listening {
        let addresses = Addresses { grpc, admin };
        let _ = listening.send(addresses);
    }

    let announce = announce_ready::<P>(readiness, health.clone());
    tokio::pin!(stop);
    let until_stopped = async {
        // A signal may come before the process is ready.
        tokio::select! { () = announce => stop.await, () = &mut stop => {} }
    };
    let ended = tokio::select! {
        () = until_stopped => None,
        ended = &mut grpc_task => Some(ended_early("gRPC", &ended)),
        ended = &mut admin_task => Some(ended_early("admin", &ended)),
    };
    let stopped = Instant::now();
    stop_all.set();
    if let Some(ended) = ended {
        background.finish(LAST_WORDS).await;
        return Err(ended);
    }

    info!(
        timeout_s = kit_config.drain_timeout.as_secs(),
        "Stopping: waiting for calls to end."
    );
    announce_end::<P>(health).await;
    let finished = finish(&drain, grpc_task, kit_config.drain_timeout).await;
    admin_handle.stop(false).await;
    let left = kit_config.drain_timeout.saturating_sub(stopped.elapsed());
    let written = background.finish(left.max(LAST_WORDS)).await;
    Ok(finished && written)
}

/// Says SERVING as soon as the last latch is dropped.
async fn announce_ready<P: Program>(mut readiness: health::Readiness, health: HealthReporter) {
    readiness.ready().await;
    for service in ["", P::SERVICE] {
        health
            .set_service_status(service, ServingStatus::Serving)
            .await;
    }
    info!(service = P::NAME, "Ready.");
}

/// Says `NOT_SERVING` to those who watch, and ends their streams.
async fn announce_end<P: Program>(mut health: HealthReporter) {
    for service in ["", P::SERVICE] {
        health
            .set_service_status(service, ServingStatus::NotServing)
            .await;
        health.clear_service_status(service).await;
    }
}

fn with_health(
    routes: Routes,
    health: &HealthReporter,
    contracts: Option<&'static [u8]>,
) -> Result<Routes, StartError> {
    let service = tonic_health::server::HealthService::from_health_reporter(health.clone());
    let routes = routes.add_service(tonic_health::pb::health_server::HealthServer::new(service));
    let Some(contracts) = contracts else {
        return Ok(routes);
    };
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(contracts)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|error| StartError::Part(format!("reflection: {error}")))?;
    Ok(routes.add_service(reflection))
}

/// Lets calls end, but not for ever: hyper's graceful shutdown can hang on a stuck peer.
async fn finish<T>(
    drain: &watch::Sender<bool>,
    grpc_task: tokio::task::JoinHandle<T>,
    timeout: Duration,
) -> bool {
    drain.send_replace(true);
    let abort = grpc_task.abort_handle();
    if tokio::time::timeout(timeout, grpc_task).await.is_ok() {
        info!("Stopped: every call ended.");
        true
    } else {
        abort.abort();
        warn!("Stopped: calls were cut off when the time to end was over.");
        false
    }
}

fn ended_early<T: std::fmt::Debug>(part: &'static str, ended: &T) -> StartError {
    error!(part, ?ended, "A server ended by itself.");
    StartError::Ended {
        part,
        reason: format!("{ended:?}"),
    }
}
