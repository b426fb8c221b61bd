//! Wetness, and what it brings.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `AssessDisease`.
pub(crate) fn assess_disease(
    _request: &proto::AssessDiseaseRequest,
    _cancel: &Cancel,
) -> Result<proto::AssessDiseaseResponse, CallError> {
    Err(CallError::request("assess_disease", "is being built"))
}
