//! The methods over real gRPC, on a service in this process.

use std::collections::HashMap;
use std::time::Duration;

use furrow_metrics::MetricsProgram;
use furrow_metrics::config::MetricsConfig;
use furrow_rpc::metrics::v1 as proto;
use furrow_rpc::metrics::v1::metrics_service_client::MetricsServiceClient;
use furrow_service_kit::StartError;
use furrow_service_kit::serve::serve;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

/// Nothing in these tests takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    client: MetricsServiceClient<Channel>,
    admin: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<bool, StartError>>,
}

async fn start(folder: &TempDir) -> Running {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (files, state) = (path("files"), path("state"));
    std::fs::create_dir_all(&files).expect("a folder");
    let listen = format!("unix:{}", path("metrics.sock"));
    let environment = HashMap::from([
        ("PROMETHEUS_MULTIPROC_DIR", files.as_str()),
        ("FURROW_METRICS_STATE_DIR", state.as_str()),
        ("FURROW_METRICS_LISTEN", listen.as_str()),
        ("FURROW_METRICS_ADMIN_LISTEN", "127.0.0.1:0"),
        ("FURROW_METRICS_DRAIN_S", "5"),
    ]);
    let config = MetricsConfig::from_environment(&environment).expect("valid settings");
    let (listening, has_bound) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve::<MetricsProgram>(
        config,
        Some(listening),
        async move {
            let _ = stopped.await;
        },
    ));
    let addresses = has_bound.await.expect("it listens");
    let endpoint = Endpoint::from_shared(addresses.grpc.to_string()).expect("an address");
    Running {
        client: MetricsServiceClient::new(endpoint.connect_lazy()),
        admin: addresses.admin.to_string(),
        stop,
        task,
    }
}

impl Running {
    async fn get(&self, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(&self.admin)
            .await
            .expect("it listens");
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        answer
    }

    async fn end(self) {
        self.stop.send(()).expect("it runs");
        let ended = tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("it ends");
        assert!(ended.expect("no panic").expect("no error"));
    }
}

fn report(sequence: u64, value: f64) -> proto::ReportRequest {
    let series = proto::Series {
        value,
        ..proto::Series::default()
    };
    let family = proto::Family {
        name: "files_read".to_owned(),
        help: "Files that were read".to_owned(),
        kind: proto::Kind::Counter.into(),
        series: vec![series],
        ..proto::Family::default()
    };
    proto::ReportRequest {
        producer_id: "0e37df36-f698-11e6-8dd4-cb9ced3df976".to_owned(),
        sequence,
        program: "ingest_folder".to_owned(),
        ttl_seconds: 60,
        families: vec![family],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_scraped_counted_and_kept_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = start(&folder).await;
    let answered = service
        .client
        .report(report(1, 2.5))
        .await
        .expect("taken")
        .into_inner();
    assert!(!answered.is_repetition && answered.refused.is_empty());
    let refused = service
        .client
        .report(report(2, f64::NAN))
        .await
        .expect_err("refused");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(
        refused
            .message()
            .starts_with("families[0].series[0].value "),
        "{refused}"
    );

    let line = "\nfiles_read_total{program=\"ingest_folder\"} 2.5\n";
    assert!(service.get("/metrics/django").await.contains(line));
    let own = service.get("/metrics").await;
    for line in [
        "furrow_metrics_pushes_total{result=\"taken\"} 1",
        "furrow_metrics_pushes_total{result=\"refused\"} 1",
        "furrow_metrics_pushed_series 1",
    ] {
        assert!(own.contains(line), "{line} in\n{own}");
    }
    service.end().await;

    let mut service = start(&folder).await;
    let answered = service
        .client
        .report(report(1, 2.5))
        .await
        .expect("taken")
        .into_inner();
    assert!(answered.is_repetition);
    assert!(service.get("/metrics/django").await.contains(line));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_within_its_limits() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = start(&folder).await;
    let ask = |window_seconds, objective| proto::QuerySloRequest {
        window_seconds,
        objective,
    };

    let refused = service
        .client
        .query_slo(ask(9, None))
        .await
        .expect_err("refused");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(
        refused.message().starts_with("window_seconds "),
        "{refused}"
    );

    let objective = proto::Objective {
        availability: 0.999,
        latency_seconds: 0.3,
    };
    let mut answered = proto::QuerySloResponse::default();
    let asking = async {
        // The first reading may be under way still.
        while !answered
            .services
            .iter()
            .any(|found| found.service == "furrow-metrics" && found.is_up)
        {
            let mut question = Request::new(ask(3600, Some(objective)));
            question.set_timeout(Duration::from_secs(5));
            answered = service
                .client
                .query_slo(question)
                .await
                .expect("answered")
                .into_inner();
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .expect("it is read");
    assert!(answered.covered_seconds <= 3600.0);
    let budget = answered.budget.expect("asked for");
    assert_eq!((budget.availability, budget.burn_rates.len()), (None, 0));
    service.end().await;
}
