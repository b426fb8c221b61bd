//! Hours into local days.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `AggregateDays`.
pub(crate) fn aggregate_days(
    _request: &proto::AggregateDaysRequest,
    _cancel: &Cancel,
) -> Result<proto::AggregateDaysResponse, CallError> {
    Err(CallError::request("aggregate_days", "is being built"))
}
