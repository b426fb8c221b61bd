//! Reference evapotranspiration.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `EstimateHourlyEt`.
pub(crate) fn estimate_hourly_et(
    _request: &proto::EstimateHourlyEtRequest,
    _cancel: &Cancel,
) -> Result<proto::EstimateHourlyEtResponse, CallError> {
    Err(CallError::request("estimate_hourly_et", "is being built"))
}

/// Answers `EstimateDailyEt`.
pub(crate) fn estimate_daily_et(
    _request: &proto::EstimateDailyEtRequest,
    _cancel: &Cancel,
) -> Result<proto::EstimateDailyEtResponse, CallError> {
    Err(CallError::request("estimate_daily_et", "is being built"))
}
