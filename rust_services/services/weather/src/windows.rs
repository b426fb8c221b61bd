//! When something can be done.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `FindWindows`.
pub(crate) fn find_windows(
    _request: &proto::FindWindowsRequest,
    _cancel: &Cancel,
) -> Result<proto::FindWindowsResponse, CallError> {
    Err(CallError::request("find_windows", "is being built"))
}
