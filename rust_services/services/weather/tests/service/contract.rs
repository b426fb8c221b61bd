//! The contract as a whole: its methods, its refusals, its end.

use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Program as _;
use furrow_weather::Weather;
use prost::Message as _;
use tonic::{Code, Response, Status};
use tonic_reflection::pb::v1 as reflection;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use crate::support::{Running, refused, start, start_with};

/// Methods of the weather service in the contracts.
fn methods() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(furrow_rpc::FILE_DESCRIPTOR_SET)
        .expect("a descriptor set");
    let services = set.file.iter().flat_map(|file| &file.service);
    let weather = services
        .clone()
        .find(|service| service.name() == "WeatherService")
        .expect("it is in the contracts");
    let names = weather.method.iter();
    names
        .map(|method| format!("/{}/{}", Weather::SERVICE, method.name()))
        .collect()
}

#[test]
fn every_method_of_the_contract_is_counted_by_its_name() {
    assert_eq!(Weather::METHODS, methods());
}

async fn services(running: &Running) -> Result<Vec<String>, Status> {
    use reflection::server_reflection_request::MessageRequest::ListServices;
    use reflection::server_reflection_response::MessageResponse::ListServicesResponse;

    let ask = reflection::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(running.channel.clone());
    let answer = client
        .server_reflection_info(tokio_stream::iter([ask]))
        .await?;
    let message = answer.into_inner().message().await?.expect("an answer");
    let Some(ListServicesResponse(listed)) = message.message_response else {
        panic!("{message:?}");
    };
    Ok(listed.service.into_iter().map(|one| one.name).collect())
}

#[tokio::test]
async fn the_contracts_can_be_asked_for_only_when_the_operator_says_so() {
    assert!(services(&start().await).await.is_err());

    let running = start_with(&[("FURROW_WEATHER_REFLECTION", "on")]).await;
    let listed = services(&running).await.expect("listed");

    assert!(
        listed.iter().any(|name| name == Weather::SERVICE),
        "{listed:?}"
    );
}

/// What an empty request is refused with.
fn of<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> crate::support::Refused {
    refused(&answer.expect_err("an empty request asks for nothing"))
}

#[tokio::test]
async fn an_empty_request_is_refused_by_every_method_with_the_field_it_lacks() {
    let running = start().await;
    let client = || running.client.clone();

    let found = [
        of(client()
            .resample_hours(proto::ResampleHoursRequest::default())
            .await),
        of(client()
            .judge_hours(proto::JudgeHoursRequest::default())
            .await),
        of(client()
            .aggregate_days(proto::AggregateDaysRequest::default())
            .await),
        of(client()
            .describe_air(proto::DescribeAirRequest::default())
            .await),
        of(client()
            .estimate_hourly_et(proto::EstimateHourlyEtRequest::default())
            .await),
        of(client()
            .estimate_daily_et(proto::EstimateDailyEtRequest::default())
            .await),
        of(client()
            .accumulate_heat(proto::AccumulateHeatRequest::default())
            .await),
        of(client()
            .accumulate_chill(proto::AccumulateChillRequest::default())
            .await),
        of(client()
            .assess_frost(proto::AssessFrostRequest::default())
            .await),
        of(client()
            .assess_disease(proto::AssessDiseaseRequest::default())
            .await),
        of(client()
            .summarize_rain(proto::SummarizeRainRequest::default())
            .await),
        of(client()
            .balance_water(proto::BalanceWaterRequest::default())
            .await),
        of(client()
            .find_windows(proto::FindWindowsRequest::default())
            .await),
    ];

    assert_eq!(found.len(), methods().len());
    for (refused, method) in found.iter().zip(methods()) {
        assert_eq!(refused.code, Code::InvalidArgument, "{method}: {refused:?}");
        assert_eq!(refused.reason, "REQUEST_INVALID", "{method}: {refused:?}");
        assert!(!refused.field.is_empty(), "{method}: {refused:?}");
        assert!(
            refused.message.starts_with(&refused.field),
            "{method}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused_and_the_service_goes_on() {
    let running = start().await;
    let request = proto::JudgeHoursRequest {
        hours: Some(proto::HourlyWeather {
            air_temperature_c: vec![0; 17 << 20].into(),
            ..proto::HourlyWeather::default()
        }),
    };

    let refused = running.client.clone().judge_hours(request).await;

    let code = refused.expect_err("too large").code();
    assert!(
        matches!(code, Code::OutOfRange | Code::ResourceExhausted),
        "{code:?}"
    );
    let next = running
        .client
        .clone()
        .judge_hours(proto::JudgeHoursRequest::default())
        .await;
    assert_eq!(next.expect_err("empty").code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_service_that_is_asked_to_stop_stops() {
    let running = start().await;

    assert!(running.stopped().await, "no call was cut off");
}
