//! The metrics service: scrapes that never touch Python.

pub mod accept;
pub mod config;
pub mod directory;
pub mod mapping;
pub mod process;
pub mod slots;
