//! Rain, and the lack of it.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::status::CallError;

/// Answers `SummarizeRain`.
pub(crate) fn summarize_rain(
    _request: &proto::SummarizeRainRequest,
    _cancel: &Cancel,
) -> Result<proto::SummarizeRainResponse, CallError> {
    Err(CallError::request("summarize_rain", "is being built"))
}
