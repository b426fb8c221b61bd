//! The services' programs, one short main each.
