//! The metrics service: scrapes that never touch Python.

pub mod mapping;
