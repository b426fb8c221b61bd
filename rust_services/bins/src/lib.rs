//! The services' programs, one short main each; see `src/bin`.
