//! What requests cost and how they ended, over a window of time: worked out of the ring.

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
