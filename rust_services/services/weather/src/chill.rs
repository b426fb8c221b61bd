//! Winter chill.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `AccumulateChill`.
pub(crate) fn accumulate_chill(
    _request: &proto::AccumulateChillRequest,
    _cancel: &Cancel,
) -> Result<proto::AccumulateChillResponse, CallError> {
    Err(CallError::request("accumulate_chill", "is being built"))
}
