//! Counters of Python processes: read from their files, merged, and written as Prometheus reads them.
