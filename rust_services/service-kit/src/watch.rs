//! A request from its head to the last part of its answer, or to the moment its caller has gone.

use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use tonic::Code;

use crate::cpu::CpuScope;
use crate::metrics::requests::{ClassLabels, Outcome, RequestLabels, Requests, RouteLabel};

/// Counts a request when dropped. Its CPU time is counted when the last that works for it is done.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) route: &'static str,
    method: &'static str,
    requests: Requests,
    response_bytes: Counter,
    is_in_flight: bool,
    started: Instant,
    /// How it ended; until that is known, that its caller left.
    pub(crate) outcome: Outcome,
    /// What it costs.
    pub(crate) cpu: CpuScope,
}

impl Watch {
    /// Of a request that is cut off unless somebody says otherwise.
    pub(crate) fn start(
        requests: &Requests,
        route: &'static str,
        method: &'static str,
        cut_off: Outcome,
    ) -> Self {
        requests.in_flight.inc();
        Self {
            route,
            method,
            response_bytes: requests
                .response_bytes
                .get_or_create_owned(&RouteLabel { route }),
            requests: requests.clone(),
            is_in_flight: true,
            started: Instant::now(),
            outcome: cut_off,
            cpu: CpuScope::new(),
        }
    }

    /// Counts it no more among those that are going on.
    pub(crate) fn leave_out_of_flight(&mut self) {
        if std::mem::take(&mut self.is_in_flight) {
            self.requests.in_flight.dec();
        }
    }

    /// Counter of the bytes of the request's body.
    pub(crate) fn request_bytes(&self) -> Counter {
        let route = RouteLabel { route: self.route };
        self.requests.request_bytes.get_or_create_owned(&route)
    }

    /// Counts a part of the answer's body.
    pub(crate) fn sent(&self, bytes: usize) {
        self.response_bytes.inc_by(bytes as u64);
    }

    /// Seconds since its head.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.leave_out_of_flight();
        let code = match self.outcome {
            // A part of an answer that panicked ends it without a word.
            Outcome::Grpc(_) if std::thread::panicking() => Outcome::Grpc(Code::Internal),
            Outcome::Http(_) if std::thread::panicking() => Outcome::Http(500),
            outcome => outcome,
        };
        let (route, method) = (self.route, self.method);
        let classed = ClassLabels {
            route,
            method,
            code_class: code.class(),
        };
        let requests = &self.requests;
        requests
            .duration
            .get_or_create(&classed)
            .observe(self.seconds());
        self.cpu.tell(requests.cpu.get_or_create_owned(&classed));
        let labels = RequestLabels {
            route,
            method,
            code,
        };
        requests.ended.get_or_create(&labels).inc();
    }
}
