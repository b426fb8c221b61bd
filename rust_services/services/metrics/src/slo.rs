//! What requests cost and how they ended, over a window of time: worked out of the ring.

mod budget;
mod distribution;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use furrow_rpc::metrics::v1 as proto;

use crate::ring::{Key, Measured, Ring, Window};
use distribution::Distribution;

/// Most routes of an answer.
const MOST_ROUTES: usize = 1000;

/// The service whose own figures say what scrapes cost, and the route of them.
pub(crate) const OWN_SERVICE: &str = "furrow-metrics";
const SCRAPE_ROUTE: &str = "/metrics/django";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Question {
    /// Seconds back from now.
    pub(crate) window_s: u32,
    /// What was promised of the public API.
    pub(crate) objective: Option<Objective>,
}

/// What was promised of the public API.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Objective {
    /// Share of requests that do not end in 5xx, above 0 and below 1.
    pub(crate) availability: f64,
    /// Seconds that a request should take at most.
    pub(crate) latency_s: f64,
}

/// What is known of a service beside its counters.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceState {
    /// `python` or `rust`.
    pub runtime: &'static str,
    /// Whether its counters were read at the last try; of Python whether a process holds a slot.
    pub is_up: bool,
    /// When its counters were read last, Unix time, milliseconds; that of the first try if never.
    pub read_ms: u64,
    /// Bytes that its processes hold, if that can be read.
    pub resident_bytes: Option<u64>,
    /// Processes that live.
    pub processes: u32,
}

/// What is known beside the ring.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// By name.
    pub services: BTreeMap<String, ServiceState>,
    /// Series that a scrape shows.
    pub series: u64,
}

/// One route's figures.
#[derive(Debug, Default)]
struct Route {
    requests: f64,
    errors: f64,
    duration: Distribution,
    cpu: Distribution,
}

/// Runtime, service, route, method.
type RouteName = [String; 4];

/// Whether a code is a failure of the service: 5xx, and the gRPC codes that stand for it.
pub(crate) fn is_failure(code: &str) -> bool {
    match code.parse::<u16>() {
        Ok(number) => number >= 500,
        Err(_) => [
            "UNAVAILABLE",
            "DEADLINE_EXCEEDED",
            "RESOURCE_EXHAUSTED",
            "INTERNAL",
            "UNKNOWN",
            "DATA_LOSS",
            "UNIMPLEMENTED",
        ]
        .contains(&code),
    }
}

/// Name of the Python service whose processes have a role.
pub(crate) fn service_of_role(role: &str) -> String {
    format!("furrow-{role}")
}

fn routes(window: &Window) -> BTreeMap<RouteName, Route> {
    let mut routes: BTreeMap<RouteName, Route> = BTreeMap::new();
    for (key, rise) in &window.rises {
        if !matches!(
            key.measured,
            Measured::Requests | Measured::Duration | Measured::RequestCpu
        ) {
            continue;
        }
        let name = ["runtime", "service", "route", "method"];
        let name = name.map(|label| key.label(label).to_owned());
        let route = routes.entry(name).or_default();
        match key.measured {
            Measured::Duration => route.duration.add(key.bounds(), rise),
            Measured::RequestCpu => route.cpu.add(key.bounds(), rise),
            _ => {
                let count = rise.first().copied().unwrap_or(0.0);
                route.requests += count;
                if is_failure(key.label("code")) {
                    route.errors += count;
                }
            }
        }
    }
    routes
}

/// Answers a question.
pub(crate) fn answer(
    ring: &Ring,
    known: &Known,
    question: &Question,
    now_ms: u64,
) -> proto::QuerySloResponse {
    let window_s = u64::from(question.window_s);
    let window = ring.window(window_s);
    let routes = routes(&window);
    let scrapes = scrapes(&window, &routes, known);
    let budget = question.objective.map(|objective| {
        let of = |window_s| {
            let window = ring.window(window_s);
            (window.covered_s, window)
        };
        budget::budget(&window, &objective, of)
    });
    proto::QuerySloResponse {
        covered_seconds: window.covered_s.min(window_s as f64),
        services: services(ring, &window, known, now_ms),
        routes: route_messages(routes, window.covered_s),
        scrapes: Some(scrapes),
        budget,
    }
}

fn per_second(amount: f64, covered_s: f64) -> f64 {
    if covered_s > 0.0 {
        amount / covered_s
    } else {
        0.0
    }
}

fn route_messages(routes: BTreeMap<RouteName, Route>, covered_s: f64) -> Vec<proto::RouteUsage> {
    let mut routes: Vec<_> = routes
        .into_iter()
        .filter(|(_, route)| route.requests > 0.0 || route.duration.count() > 0.0)
        .collect();
    let cost = |route: &Route| route.cpu.sum();
    routes.sort_by(|(a_name, a), (b_name, b)| {
        cost(b).total_cmp(&cost(a)).then_with(|| a_name.cmp(b_name))
    });
    routes.truncate(MOST_ROUTES);
    let message = |(name, route): (RouteName, Route)| {
        let [runtime, service, name, method] = name;
        proto::RouteUsage {
            runtime,
            service,
            route: name,
            method,
            requests: route.requests,
            rate: per_second(route.requests, covered_s),
            error_share: if route.requests > 0.0 {
                route.errors / route.requests
            } else {
                0.0
            },
            duration_seconds: route.duration.percentiles(),
            cpu_seconds: route.cpu.percentiles(),
        }
    };
    routes.into_iter().map(message).collect()
}

fn services(ring: &Ring, window: &Window, known: &Known, now_ms: u64) -> Vec<proto::ServiceUsage> {
    let of_process = |key: &Key| match key.label("role") {
        "" => key.source.clone(),
        role => service_of_role(role),
    };
    let mut has_cpu: BTreeMap<String, f64> = BTreeMap::new();
    for key in ring
        .keys()
        .filter(|key| key.measured == Measured::ProcessCpu)
    {
        has_cpu.entry(of_process(key)).or_default();
    }
    let mut request_cpu: BTreeMap<&str, f64> = BTreeMap::new();
    for (key, rise) in &window.rises {
        let at = |place: usize| rise.get(place).copied().unwrap_or(0.0);
        match key.measured {
            Measured::ProcessCpu => *has_cpu.entry(of_process(key)).or_default() += at(0),
            Measured::RequestCpu => {
                // The sum stands behind the buckets; it is left out where it did not rise.
                let sum = at(key.bounds().count() + 1);
                *request_cpu.entry(key.label("service")).or_default() += sum;
            }
            _ => {}
        }
    }
    let services = known.services.iter().map(|(name, state)| {
        let cpu = has_cpu.get(name).filter(|_| window.covered_s > 0.0);
        let request_cpu = request_cpu.get(name.as_str()).copied().unwrap_or(0.0);
        proto::ServiceUsage {
            service: name.clone(),
            runtime: state.runtime.to_owned(),
            is_up: state.is_up,
            sample_age_seconds: now_ms.saturating_sub(state.read_ms) as f64 / 1000.0,
            cpu_cores: cpu.map(|seconds| per_second(*seconds, window.covered_s)),
            request_cpu_cores: per_second(request_cpu, window.covered_s),
            resident_bytes: state.resident_bytes,
            processes: state.processes,
        }
    });
    services.collect()
}

fn scrapes(
    window: &Window,
    routes: &BTreeMap<RouteName, Route>,
    known: &Known,
) -> proto::ScrapeUsage {
    let total = |measured| -> f64 {
        let rises = window
            .rises
            .iter()
            .filter(|(key, _)| key.measured == measured);
        rises.filter_map(|(_, rise)| rise.first()).sum()
    };
    let scrapes = total(Measured::Scrapes);
    let mut cpu = Distribution::default();
    let mut duration = Distribution::default();
    for (name, route) in routes {
        if name[1] == OWN_SERVICE && name[2] == SCRAPE_ROUTE {
            cpu.merge(&route.cpu);
            duration.merge(&route.duration);
        }
    }
    let mut cpu = cpu.percentiles();
    if let Some(cpu) = &mut cpu
        && scrapes > 0.0
    {
        // Measured by the scraping thread itself, so exact; the buckets only say how it spreads.
        cpu.mean = total(Measured::ScrapeCpu) / scrapes;
    }
    proto::ScrapeUsage {
        scrapes,
        cpu_seconds: cpu,
        duration_seconds: duration.percentiles(),
        bytes: if scrapes > 0.0 {
            total(Measured::ScrapeBytes) / scrapes
        } else {
            0.0
        },
        series: known.series,
    }
}
