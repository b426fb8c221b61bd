//! What a scrape shows, as Prometheus' own tool reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use furrow_rpc::ndvi::v1 as proto;

use crate::support::{OURS, degrees, ended, key, plane, start};

/// Prometheus' tool; None where it is not installed, which CI does not accept.
fn promtool() -> Option<Command> {
    if Command::new("promtool").arg("--version").output().is_ok() {
        return Some(Command::new("promtool"));
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "CI needs promtool"
    );
    eprintln!("skipped: promtool is not installed");
    None
}

#[tokio::test]
async fn prometheus_own_tool_finds_no_fault_in_a_scrape() {
    let running = start().await;
    running.put("level.tif", &plane(degrees(10, 10), |_, _| 1.0));
    let request = proto::DescribeRasterRequest {
        object: key("level.tif"),
    };
    let mut client = running.client.clone();
    client.describe_raster(request).await.expect("described");
    running
        .metric(&ended("NdviService/DescribeRaster", "POST", "OK", 1))
        .await;
    let text = running.metrics().await;
    for family in [
        "furrow_build_info{",
        "process_cpu_seconds_total ",
        "process_resident_memory_bytes ",
        "process_virtual_memory_bytes ",
        "process_open_fds ",
        "process_max_fds ",
        "process_threads ",
        "process_start_time_seconds ",
        "http_request_duration_seconds_count{",
        "http_request_cpu_seconds_count{",
        "http_request_body_bytes_total{",
        "http_response_body_bytes_total{",
        "furrow_compute_slots ",
        "furrow_compute_slots_taken ",
        "furrow_compute_queue_jobs ",
        "furrow_compute_wait_seconds_count ",
        "furrow_compute_refused_calls_total ",
        "furrow_cache_requests_total{",
        "furrow_decoded_pixels_total ",
        "furrow_decoded_bytes_total ",
        "furrow_store_read_bytes_total ",
        "furrow_store_requests_total{",
    ] {
        let is_there = text.lines().any(|line| line.starts_with(family));
        assert!(is_there, "{family} in\n{text}");
    }
    let requests = text.lines().filter(|line| line.starts_with("http_request"));
    for line in requests {
        assert!(line.contains(&format!("{{{OURS}")), "{line}");
    }

    let Some(mut promtool) = promtool() else {
        return;
    };
    let mut checking = promtool
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = checking.stdin.take().expect("piped");
    stdin.write_all(text.as_bytes()).expect("written");
    drop(stdin);
    let said = checking.wait_with_output().expect("it ends");
    let complaints = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{complaints}");
    assert_eq!(complaints, "");
}
