//! The direction of dependencies: what computes knows nothing of what serves.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What reads sockets, clocks or files for a living.
const SERVING: [&str; 7] = [
    "tokio",
    "tonic",
    "actix-web",
    "hyper",
    "reqwest",
    "object_store",
    "furrow-service-kit",
];

/// Names of the crates that each crate needs to be built, tests aside.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs its own tests");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let names: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let nodes = list(&metadata["resolve"]["nodes"]);
    nodes
        .iter()
        .map(|node| {
            let needed = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"])
                    .iter()
                    .any(|kind| kind["kind"] != "dev")
            });
            let needed = needed.map(|dependency| names[&text(&dependency["pkg"])].clone());
            (names[&text(&node["id"])].clone(), needed.collect())
        })
        .collect()
}

fn reached(from: &str, dependencies: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        for needed in &dependencies[&name] {
            if reached.insert(needed.clone()) {
                open.push(needed.clone());
            }
        }
    }
    reached
}

#[test]
fn crates_that_compute_reach_nothing_that_serves() {
    let dependencies = dependencies();
    for compute in ["furrow-raster", "furrow-index"] {
        let reached = reached(compute, &dependencies);
        for serving in SERVING {
            assert!(!reached.contains(serving), "{compute} reaches {serving}");
        }
    }
    let service = reached("furrow-ndvi", &dependencies);
    assert!(service.contains("tonic") && service.contains("furrow-raster"));
}
