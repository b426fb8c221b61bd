//! What the air is like.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `DescribeAir`.
pub(crate) fn describe_air(
    _request: &proto::DescribeAirRequest,
    _cancel: &Cancel,
) -> Result<proto::DescribeAirResponse, CallError> {
    Err(CallError::request("describe_air", "is being built"))
}
