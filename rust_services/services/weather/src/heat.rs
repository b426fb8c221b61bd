//! Degree days.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `AccumulateHeat`.
pub(crate) fn accumulate_heat(
    _request: &proto::AccumulateHeatRequest,
    _cancel: &Cancel,
) -> Result<proto::AccumulateHeatResponse, CallError> {
    Err(CallError::request("accumulate_heat", "is being built"))
}
