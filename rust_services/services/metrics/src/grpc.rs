//! The methods: validate, take or answer.

use std::sync::Arc;

use furrow_rpc::metrics::v1 as proto;
use furrow_rpc::metrics::v1::metrics_service_server::{MetricsService, MetricsServiceServer};
use furrow_service_kit::metrics::Metrics;
use furrow_service_kit::{Cancel, ComputePool};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prost::Message as _;
use tonic::server::NamedService;
use tonic::{Request, Response, Status};

use crate::convert::{self, MAX_REPORT_BYTES};
use crate::report::{Reports, now_ms};
use crate::slo;
use crate::sources::Sampler;
use crate::status::MetricsError;

/// Full name of the service.
pub const SERVICE: &str = <MetricsServiceServer<Grpc> as NamedService>::NAME;

/// Full paths of its methods.
pub const METHODS: &[&str] = &[
    "/farm.rpc.metrics.v1.MetricsService/Report",
    "/farm.rpc.metrics.v1.MetricsService/QuerySlo",
];

/// Largest message that is read at all; reports have a limit of their own, which is told in words.
const MAX_MESSAGE_BYTES: usize = 4 * MAX_REPORT_BYTES;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

/// The service.
#[derive(Debug, Clone)]
pub struct Grpc {
    reports: Arc<Reports>,
    sampler: Sampler,
    compute: Arc<ComputePool>,
    pushes: Family<ResultLabel, Counter>,
    pushed_series: Gauge,
}

impl Grpc {
    /// A service over these parts; registers its metrics.
    pub fn new(
        reports: Arc<Reports>,
        sampler: Sampler,
        compute: Arc<ComputePool>,
        metrics: &Metrics,
    ) -> Self {
        let pushes = Family::<ResultLabel, Counter>::default();
        for result in ["taken", "repeated", "refused"] {
            let _ = pushes.get_or_create(&ResultLabel { result });
        }
        let pushed_series = Gauge::default();
        metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix("furrow_metrics");
            let help = "Reports of short-lived programs that ended, by how";
            registry.register("pushes", help, pushes.clone());
            let help = "Series that such programs reported";
            registry.register("pushed_series", help, pushed_series.clone());
        });
        let grpc = Self {
            reports,
            sampler,
            compute,
            pushes,
            pushed_series,
        };
        grpc.show_series();
        grpc
    }

    /// As tonic serves it.
    pub fn into_server(self) -> MetricsServiceServer<Self> {
        MetricsServiceServer::new(self).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    fn show_series(&self) {
        let lines = self.reports.shown().0.lines();
        self.pushed_series
            .set(i64::try_from(lines).unwrap_or(i64::MAX));
    }

    async fn take(
        &self,
        request: proto::ReportRequest,
    ) -> Result<proto::ReportResponse, MetricsError> {
        let found = request.encoded_len();
        if found > MAX_REPORT_BYTES {
            return Err(MetricsError::TooLarge {
                found,
                allowed: MAX_REPORT_BYTES,
            });
        }
        let report = convert::report(request)?;
        self.reports.take(report).await
    }

    async fn answer(
        &self,
        request: proto::QuerySloRequest,
        cancel: Cancel,
    ) -> Result<proto::QuerySloResponse, Status> {
        let question = convert::question(&request)?;
        self.sampler.refresh().await;
        let slot = self.compute.admit()?;
        let sampler = self.sampler.clone();
        let answered = slot.run(&cancel, move || {
            let read = sampler.samples();
            slo::answer(&read.ring, &read.known, &question, now_ms())
        });
        Ok(answered.await.map_err(MetricsError::from)?)
    }
}

#[tonic::async_trait]
impl MetricsService for Grpc {
    async fn report(
        &self,
        request: Request<proto::ReportRequest>,
    ) -> Result<Response<proto::ReportResponse>, Status> {
        let taken = self.take(request.into_inner()).await;
        let result = match &taken {
            Ok(answer) if answer.is_repetition => "repeated",
            Ok(_) => "taken",
            Err(_) => "refused",
        };
        self.pushes.get_or_create(&ResultLabel { result }).inc();
        self.show_series();
        Ok(Response::new(taken?))
    }

    async fn query_slo(
        &self,
        request: Request<proto::QuerySloRequest>,
    ) -> Result<Response<proto::QuerySloResponse>, Status> {
        let cancel = request.extensions().get::<Cancel>().cloned();
        // The layer around every call puts one in; without it nothing is cancelled.
        let cancel = cancel.unwrap_or_else(|| Cancel::new(None));
        let _gone = cancel.set_on_drop();
        let answer = self.answer(request.into_inner(), cancel).await?;
        Ok(Response::new(answer))
    }
}
