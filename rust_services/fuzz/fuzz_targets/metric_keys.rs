#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| furrow_fuzz_checks::metric_keys(bytes));
