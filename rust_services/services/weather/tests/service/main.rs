//! The service as its callers meet it: over a socket, with real messages.

mod contract;
mod support;
mod water;
mod windows;
