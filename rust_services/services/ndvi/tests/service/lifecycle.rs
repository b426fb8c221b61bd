//! Slots, deadlines, callers that go away, health and the end.

use std::time::Duration;

use furrow_rpc::ndvi::v1 as proto;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use crate::http_server::{Reply, Server};
use crate::support::{
    OURS, PATIENCE, Running, degrees, ended, http_get, key, plane, refusal, start, start_with, url,
};

/// A service of one thread, so two slots, beside a server that never answers.
async fn start_beside_a_stall() -> (Running, Server) {
    let server = Server::start(|_| Reply::Silence).await;
    let running = start_with(&[("FURROW_NDVI_ALLOWED_HOSTS", server.host.as_str())]).await;
    running.put("level.tif", &plane(degrees(10, 10), |_, _| 1.0));
    (running, server)
}

fn stalling(server: &Server) -> proto::DescribeRasterRequest {
    proto::DescribeRasterRequest {
        object: url(&format!("http://{}/stall", server.host)),
    }
}

fn quick() -> proto::DescribeRasterRequest {
    proto::DescribeRasterRequest {
        object: key("level.tif"),
    }
}

/// Calls that wait for the stalled server, until they are dropped.
async fn take_all_slots(running: &Running, server: &Server) -> Vec<tokio::task::JoinHandle<()>> {
    let mut calls = Vec::new();
    for _ in 0..2 {
        let (mut client, request) = (running.client.clone(), stalling(server));
        calls.push(tokio::spawn(async move {
            let _ = client.describe_raster(request).await;
        }));
    }
    running.metric("furrow_compute_slots_taken 2").await;
    calls
}

#[tokio::test]
async fn without_a_slot_a_call_is_sent_away_at_once_and_told_when_to_come_back() {
    let (running, server) = start_beside_a_stall().await;
    let _calls = take_all_slots(&running, &server).await;

    let status = running
        .client
        .clone()
        .describe_raster(quick())
        .await
        .expect_err("busy");

    assert_eq!(
        refusal(&status),
        (Code::ResourceExhausted, "SERVICE_BUSY".to_owned())
    );
    let retry = status.get_details_retry_info().expect("a delay");
    assert_eq!(retry.retry_delay, Some(Duration::from_secs(1)));
    assert!(
        running
            .metrics()
            .await
            .contains("furrow_compute_refused_calls_total 1")
    );
}

#[tokio::test]
async fn a_caller_that_goes_away_gives_its_slot_back() {
    let (running, server) = start_beside_a_stall().await;
    let calls = take_all_slots(&running, &server).await;

    for call in calls {
        call.abort();
    }

    running.metric("furrow_compute_slots_taken 0").await;
    running
        .metric(&ended("NdviService/DescribeRaster", "POST", "CANCELLED", 2))
        .await;
    running
        .metric(&format!("http_requests_in_flight{{{OURS}}} 0"))
        .await;
    assert!(
        running
            .client
            .clone()
            .describe_raster(quick())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_deadline_ends_a_call_with_its_own_code() {
    let (running, server) = start_beside_a_stall().await;
    let mut request = Request::new(stalling(&server));
    // By hand: the client's own timer would answer first.
    request
        .metadata_mut()
        .insert("grpc-timeout", "300m".parse().expect("plain"));

    let status = running
        .client
        .clone()
        .describe_raster(request)
        .await
        .expect_err("too late");

    assert_eq!(
        refusal(&status),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())
    );
    running.metric("furrow_compute_slots_taken 0").await;
}

#[tokio::test]
async fn health_is_serving_once_ready_and_not_serving_while_draining() {
    let (mut running, server) = start_beside_a_stall().await;
    let admin = running.addresses.admin.to_string();
    let mut health = HealthClient::new(running.channel.clone());
    let watch = HealthCheckRequest {
        service: "farm.rpc.ndvi.v1.NdviService".to_owned(),
    };
    let mut changes = health.watch(watch).await.expect("known").into_inner();
    let mut next = async || {
        let change = tokio::time::timeout(PATIENCE, changes.message())
            .await
            .expect("in time");
        change.expect("no error").map(|change| change.status())
    };
    while next().await != Some(ServingStatus::Serving) {}
    assert_eq!(
        http_get(&admin, "/readyz").await,
        (200, "ready\n".to_owned())
    );
    assert_eq!(http_get(&admin, "/livez").await.0, 200);
    let calls = take_all_slots(&running, &server).await;

    running.stop();

    assert_eq!(next().await, Some(ServingStatus::NotServing));
    assert_eq!(
        http_get(&admin, "/readyz").await,
        (503, "draining\n".to_owned())
    );
    for call in calls {
        call.abort();
    }
    assert!(running.ended().await, "every call ended");
}

#[tokio::test]
async fn a_stuck_call_is_cut_off_when_the_time_to_end_is_over() {
    let server = Server::start(|_| Reply::Silence).await;
    let settings = [
        ("FURROW_NDVI_ALLOWED_HOSTS", server.host.as_str()),
        ("FURROW_NDVI_DRAIN_S", "1"),
    ];
    let mut running = start_with(&settings).await;
    let _calls = take_all_slots(&running, &server).await;

    running.stop();

    assert!(!running.ended().await, "calls were cut off");
}

#[tokio::test]
async fn the_contracts_can_be_asked_for_only_when_the_operator_says_so() {
    let reflects = async |running: &Running| {
        let mut client =
            tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(
                running.channel.clone(),
            );
        let ask = tonic_reflection::pb::v1::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(
                tonic_reflection::pb::v1::server_reflection_request::MessageRequest::ListServices(
                    String::new(),
                ),
            ),
        };
        client
            .server_reflection_info(tokio_stream::iter([ask]))
            .await
            .is_ok()
    };
    assert!(!reflects(&start().await).await);
    assert!(reflects(&start_with(&[("FURROW_NDVI_REFLECTION", "on")]).await).await);
}
