//! Series with other programs' answers, beside the repository.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

use std::path::Path;

/// The text of a file in `shared/data/weather`; None, with a line that says so, where it is absent.
pub fn shared_text(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/data/weather")
        .join(name);
    if !path.exists() {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "{} is absent; CI needs it", path.display());
        eprintln!("skipped: {} is absent", path.display());
        return None;
    }
    Some(std::fs::read_to_string(path).expect("readable"))
}
