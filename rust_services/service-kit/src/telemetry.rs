//! Log lines: JSON, one event a line, on standard error, with the request's ids in each.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::ConfigError;

/// Refuses a filter that cannot be read.
pub(crate) fn check_filter(filter: &str) -> Result<(), ConfigError> {
    EnvFilter::try_new(filter)
        .map(drop)
        .map_err(|error| ConfigError::new("FURROW_LOG", filter, error))
}

/// Starts logging; a second call changes nothing, so that tests may share a process.
pub fn start(filter: &str) {
    let lines = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_target(true)
        .with_writer(std::io::stderr)
        // A line that the disk has no room for is lost; saying so on standard error would panic there.
        .log_internal_errors(false)
        .with_env_filter(EnvFilter::new(filter));
    if lines.try_init().is_ok() {
        // A panic is an event like any other: one line, with the ids of its call.
        std::panic::set_hook(Box::new(|panic| {
            tracing::error!(%panic, "Code panicked.");
        }));
    }
}
