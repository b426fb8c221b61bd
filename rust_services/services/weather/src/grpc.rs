//! The methods: take a slot, and let the noun's own module answer on the pool.

use std::sync::Arc;

use furrow_rpc::weather::v1 as proto;
use furrow_rpc::weather::v1::weather_service_server::WeatherService;
use furrow_service_kit::{Cancel, ComputePool};
use tonic::{Request, Response, Status};

use crate::status::CallError;
use crate::{air, chill, days, disease, et, frost, heat, observations, rain, water, windows};

/// The service.
#[derive(Debug, Clone)]
pub struct Grpc {
    compute: Arc<ComputePool>,
}

impl Grpc {
    /// A service that computes on these threads.
    pub fn new(compute: Arc<ComputePool>) -> Self {
        Self { compute }
    }

    /// Answers a request on the pool.
    async fn answer<Q, A>(
        &self,
        request: Request<Q>,
        answer: fn(&Q, &Cancel) -> Result<A, CallError>,
    ) -> Result<Response<A>, Status>
    where
        Q: Send + 'static,
        A: Send + 'static,
    {
        let cancel = request.extensions().get::<Cancel>().cloned();
        // The layer around every call puts one in; without it nothing is cancelled.
        let cancel = cancel.unwrap_or_else(|| Cancel::new(None));
        let _gone = cancel.set_on_drop();
        let slot = self.compute.admit()?;
        let (request, asked) = (request.into_inner(), cancel.clone());
        let done = slot.run(&cancel, move || answer(&request, &asked)).await;
        Ok(Response::new(done.map_err(CallError::from)??))
    }
}

#[tonic::async_trait]
impl WeatherService for Grpc {
    async fn resample_hours(
        &self,
        request: Request<proto::ResampleHoursRequest>,
    ) -> Result<Response<proto::ResampleHoursResponse>, Status> {
        self.answer(request, observations::resample_hours).await
    }

    async fn judge_hours(
        &self,
        request: Request<proto::JudgeHoursRequest>,
    ) -> Result<Response<proto::JudgeHoursResponse>, Status> {
        self.answer(request, observations::judge_hours).await
    }

    async fn aggregate_days(
        &self,
        request: Request<proto::AggregateDaysRequest>,
    ) -> Result<Response<proto::AggregateDaysResponse>, Status> {
        self.answer(request, days::aggregate_days).await
    }

    async fn describe_air(
        &self,
        request: Request<proto::DescribeAirRequest>,
    ) -> Result<Response<proto::DescribeAirResponse>, Status> {
        self.answer(request, air::describe_air).await
    }

    async fn estimate_hourly_et(
        &self,
        request: Request<proto::EstimateHourlyEtRequest>,
    ) -> Result<Response<proto::EstimateHourlyEtResponse>, Status> {
        self.answer(request, et::estimate_hourly_et).await
    }

    async fn estimate_daily_et(
        &self,
        request: Request<proto::EstimateDailyEtRequest>,
    ) -> Result<Response<proto::EstimateDailyEtResponse>, Status> {
        self.answer(request, et::estimate_daily_et).await
    }

    async fn accumulate_heat(
        &self,
        request: Request<proto::AccumulateHeatRequest>,
    ) -> Result<Response<proto::AccumulateHeatResponse>, Status> {
        self.answer(request, heat::accumulate_heat).await
    }

    async fn accumulate_chill(
        &self,
        request: Request<proto::AccumulateChillRequest>,
    ) -> Result<Response<proto::AccumulateChillResponse>, Status> {
        self.answer(request, chill::accumulate_chill).await
    }

    async fn assess_frost(
        &self,
        request: Request<proto::AssessFrostRequest>,
    ) -> Result<Response<proto::AssessFrostResponse>, Status> {
        self.answer(request, frost::assess_frost).await
    }

    async fn assess_disease(
        &self,
        request: Request<proto::AssessDiseaseRequest>,
    ) -> Result<Response<proto::AssessDiseaseResponse>, Status> {
        self.answer(request, disease::assess_disease).await
    }

    async fn summarize_rain(
        &self,
        request: Request<proto::SummarizeRainRequest>,
    ) -> Result<Response<proto::SummarizeRainResponse>, Status> {
        self.answer(request, rain::summarize_rain).await
    }

    async fn balance_water(
        &self,
        request: Request<proto::BalanceWaterRequest>,
    ) -> Result<Response<proto::BalanceWaterResponse>, Status> {
        self.answer(request, water::balance_water).await
    }

    async fn find_windows(
        &self,
        request: Request<proto::FindWindowsRequest>,
    ) -> Result<Response<proto::FindWindowsResponse>, Status> {
        self.answer(request, windows::find_windows).await
    }
}
