//! Frost of nights.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `AssessFrost`.
pub(crate) fn assess_frost(
    _request: &proto::AssessFrostRequest,
    _cancel: &Cancel,
) -> Result<proto::AssessFrostResponse, CallError> {
    Err(CallError::request("assess_frost", "is being built"))
}
