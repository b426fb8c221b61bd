//! Water in the root zone.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `BalanceWater`.
pub(crate) fn balance_water(
    _request: &proto::BalanceWaterRequest,
    _cancel: &Cancel,
) -> Result<proto::BalanceWaterResponse, CallError> {
    Err(CallError::request("balance_water", "is being built"))
}
