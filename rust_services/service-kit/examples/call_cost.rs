//! What accounting costs: a poll with and without a request's account, a call through the layer
//! around every call, and a health check over a socket, both sides of it.
//!
//! `cargo run -p furrow-service-kit --example call_cost`

#![expect(clippy::print_stdout, reason = "it shows what it measured")]

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use furrow_service_kit::call::CallLayer;
use furrow_service_kit::config::{ConfigError, Environment, KitConfig};
use furrow_service_kit::listen::Listen;
use furrow_service_kit::metrics::Metrics;
use furrow_service_kit::serve::serve;
use furrow_service_kit::{CpuScope, Kit, Program, StartError};
use http::{Request, Response};
use nix::time::{ClockId, clock_gettime};
use tokio::sync::{Semaphore, oneshot};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::{Layer as _, Service as _};

const POLLS: u32 = 1_000_000;
const CALLS: u32 = 100_000;
const CHECKS: u32 = 10_000;

/// Medians are of this many rounds.
const ROUNDS: usize = 7;

/// CPU time of this process, ns.
fn cpu_ns() -> f64 {
    let read = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("Linux has this clock");
    read.tv_sec() as f64 * 1e9 + read.tv_nsec() as f64
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// Is never done.
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        black_box(Poll::Pending)
    }
}

/// CPU time of a poll, ns.
fn poll_ns(mut future: impl Future + Unpin) -> f64 {
    let mut context = Context::from_waker(Waker::noop());
    let round = |_| {
        let start = cpu_ns();
        for _ in 0..POLLS {
            let _ = black_box(Pin::new(&mut future).poll(&mut context).is_ready());
        }
        (cpu_ns() - start) / f64::from(POLLS)
    };
    median((0..ROUNDS).map(round).collect())
}

/// CPU time of a call that does nothing, through the layer or without it; ns.
async fn call_ns(is_watched: bool) -> f64 {
    let layer = CallLayer {
        methods: &["/test.v1.TestService/Nothing"],
        version: "0",
        metrics: Metrics::new("furrow-test", "0"),
        room: Arc::new(Semaphore::new(8)),
    };
    let mut plain = tower::service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let mut watched = layer.layer(plain);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = cpu_ns();
        for _ in 0..CALLS {
            let request = Request::post("/test.v1.TestService/Nothing").body(Body::empty());
            let request = request.expect("a request");
            let answer = if is_watched {
                watched.call(request).await
            } else {
                plain.call(request).await
            };
            let mut body = answer.expect("an answer").into_body();
            let frame = |context: &mut Context<'_>| {
                http_body::Body::poll_frame(Pin::new(&mut body), context)
            };
            black_box(std::future::poll_fn(frame).await.is_none());
        }
        rounds.push((cpu_ns() - start) / f64::from(CALLS));
    }
    median(rounds)
}

/// A service of health checks alone.
struct Nothing;

impl Program for Nothing {
    const NAME: &'static str = "furrow-test";
    const VERSION: &'static str = "0";
    const SERVICE: &'static str = "test.v1.TestService";
    const METHODS: &'static [&'static str] = &[];
    const CONTRACTS: &'static [u8] = &[];
    type Config = KitConfig;

    fn configure(environment: &dyn Environment) -> Result<KitConfig, ConfigError> {
        let listen = Listen::Unix("/run/furrow/test.sock".into());
        let admin = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        KitConfig::from_environment(environment, "FURROW_TEST", listen, admin)
    }

    fn kit(config: &KitConfig) -> &KitConfig {
        config
    }

    async fn routes(_: KitConfig, _: Kit) -> Result<Routes, StartError> {
        Ok(Routes::default())
    }
}

/// CPU time of a health check over a socket, client and server together; ns.
async fn check_ns(folder: &std::path::Path) -> f64 {
    let socket = format!("unix:{}", folder.join("test.sock").display());
    let environment = std::collections::HashMap::from([("FURROW_TEST_LISTEN", socket.as_str())]);
    let config = Nothing::configure(&environment).expect("valid settings");
    let (listening, has_bound) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = tokio::spawn(serve::<Nothing>(config, Some(listening), async move {
        let _ = stopped.await;
    }));
    let bound = has_bound.await.expect("it listens");
    let endpoint = Endpoint::from_shared(bound.grpc.to_string()).expect("an address");
    let mut client = HealthClient::new(endpoint.connect_lazy());
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = cpu_ns();
        for _ in 0..CHECKS {
            let check = HealthCheckRequest::default();
            client.check(check).await.expect("healthy");
        }
        rounds.push((cpu_ns() - start) / f64::from(CHECKS));
    }
    drop(client);
    stop.send(()).expect("it runs");
    service.await.expect("no panic").expect("no error");
    median(rounds)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("a poll: {:.0} ns", poll_ns(Never));
    println!("timed: {:.0} ns", poll_ns(CpuScope::new().time(Never)));
    let scope = CpuScope::new();
    let within = scope.run(|| poll_ns(scope.time(Never)));
    println!("timed within the same account: {within:.0} ns");
    println!("a call without the layer: {:.0} ns", call_ns(false).await);
    println!("with it: {:.0} ns", call_ns(true).await);
    let folder = tempfile::tempdir().expect("a folder");
    println!(
        "a health check, both sides: {:.0} ns",
        check_ns(folder.path()).await
    );
}
