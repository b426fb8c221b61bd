//! A service's `main`: arguments, configuration, runtime, signals, exit code.

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tonic::service::Routes;
use tracing::error;

use crate::config::{ConfigError, Environment, KitConfig, ProcessEnvironment};
use crate::serve::{Kit, StartError, serve};
use crate::telemetry;

/// Exit code for refused arguments and settings, as in BSD's `sysexits.h`.
const EXIT_USAGE: u8 = 64;

/// A service as a program.
pub trait Program: 'static {
    /// Name of the program, such as `furrow-ndvi`.
    const NAME: &'static str;
    /// Version of the program.
    const VERSION: &'static str;
    /// Full name of its gRPC service, for health.
    const SERVICE: &'static str;
    /// Full paths of its methods, for metrics.
    const METHODS: &'static [&'static str];
    /// Its contracts as a file-descriptor set, for reflection.
    const CONTRACTS: &'static [u8];
    /// Its settings.
    type Config: Send + 'static;

    /// Reads the settings; nothing is bound or opened yet.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that is refused.
    fn configure(environment: &dyn Environment) -> Result<Self::Config, ConfigError>;

    /// The settings that every service has.
    fn kit(config: &Self::Config) -> &KitConfig;

    /// Comes up. The process is ready when the kit's latch is dropped.
    fn routes(
        config: Self::Config,
        kit: Kit,
    ) -> impl Future<Output = Result<Routes, StartError>> + Send;
}

/// Runs a program to its end: `--version`, `--check-config`, or the service itself until SIGTERM or
/// SIGINT.
pub fn run<P: Program>() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments == ["--version"] {
        say(&format!("{} {}", P::NAME, P::VERSION));
        return ExitCode::SUCCESS;
    }
    if !matches!(arguments[..], [] | ["--check-config"]) {
        complain(&format!("usage: {} [--version | --check-config]", P::NAME));
        return ExitCode::from(EXIT_USAGE);
    }
    let config = match P::configure(&ProcessEnvironment) {
        Ok(config) => config,
        Err(refused) => {
            complain(&format!("{}: {refused}", P::NAME));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if !arguments.is_empty() {
        say("The configuration is valid.");
        return ExitCode::SUCCESS;
    }
    telemetry::start(&P::kit(&config).log_filter);
    serve_until_signal::<P>(config)
}

fn serve_until_signal<P: Program>(config: P::Config) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "No runtime could be started.");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        // Handlers stand before anything is bound, so that no signal is lost.
        let mut term = signal(SignalKind::terminate()).map_err(no_signals)?;
        let mut int = signal(SignalKind::interrupt()).map_err(no_signals)?;
        let stop = async {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        };
        serve::<P>(config, None, stop).await
    });
    // Jobs that still run are asked to stop by their flags and are not waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            error!(%error, "The service cannot go on.");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
fn no_signals(error: std::io::Error) -> StartError {
    StartError::Part(format!("signals cannot be received: {error}"))
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
