//! Samples into hours, and what is to be thought of them.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `ResampleHours`.
pub(crate) fn resample_hours(
    _request: &proto::ResampleHoursRequest,
    _cancel: &Cancel,
) -> Result<proto::ResampleHoursResponse, CallError> {
    Err(CallError::request("resample_hours", "is being built"))
}

/// Answers `JudgeHours`.
pub(crate) fn judge_hours(
    _request: &proto::JudgeHoursRequest,
    _cancel: &Cancel,
) -> Result<proto::JudgeHoursResponse, CallError> {
    Err(CallError::request("judge_hours", "is being built"))
}
