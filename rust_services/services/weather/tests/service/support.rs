//! A running service, and the messages of requests.

use std::collections::HashMap;
use std::time::Duration;

use furrow_rpc::weather::v1 as proto;
use furrow_rpc::weather::v1::weather_service_client::WeatherServiceClient;
use furrow_service_kit::StartError;
use furrow_service_kit::serve::serve;
use furrow_weather::Weather;
use furrow_weather::config::WeatherConfig;
use prost_types::Timestamp;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;

/// Nothing in these tests takes longer, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A service in this process.
pub struct Running {
    pub channel: Channel,
    pub client: WeatherServiceClient<Channel>,
    _folder: TempDir,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<bool, StartError>>,
}

/// Starts a service, with more settings than the usual ones.
pub async fn start_with(settings: &[(&str, &str)]) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = format!("unix:{}", folder.path().join("weather.sock").display());
    let mut environment = HashMap::from([
        ("FURROW_WEATHER_LISTEN", listen.as_str()),
        ("FURROW_WEATHER_ADMIN_LISTEN", "127.0.0.1:0"),
        ("FURROW_WEATHER_THREADS", "1"),
        ("FURROW_WEATHER_DRAIN_S", "5"),
    ]);
    environment.extend(settings.iter().copied());
    let config = WeatherConfig::from_environment(&environment).expect("valid settings");

    let (listening, has_bound) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve::<Weather>(config, Some(listening), async move {
        let _ = stopped.await;
    }));
    let addresses = has_bound.await.expect("it listens");
    let endpoint = Endpoint::from_shared(addresses.grpc.to_string()).expect("an address");
    let channel = endpoint.connect_lazy();
    Running {
        client: WeatherServiceClient::new(channel.clone()),
        channel,
        _folder: folder,
        stop,
        task,
    }
}

/// Starts a service.
pub async fn start() -> Running {
    start_with(&[]).await
}

impl Running {
    /// Stops the service: whether every call ended in time.
    pub async fn stopped(self) -> bool {
        self.stop.send(()).expect("it runs");
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended
            .expect("it ends")
            .expect("no panic")
            .expect("no error")
    }
}

/// What a refusal says: code, reason, the field it is about, and the sentence.
#[derive(Debug, PartialEq)]
pub struct Refused {
    pub code: tonic::Code,
    pub reason: String,
    pub field: String,
    pub message: String,
}

/// Reads a refusal.
pub fn refused(status: &Status) -> Refused {
    let info = status
        .get_details_error_info()
        .expect("every refusal has a reason");
    assert_eq!(info.domain, "furrow");
    Refused {
        code: status.code(),
        reason: info.reason,
        field: info.metadata.get("field").cloned().unwrap_or_default(),
        message: status.message().to_owned(),
    }
}

/// A column as it travels.
pub fn bytes(values: &[f64]) -> tonic::codegen::Bytes {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    bytes.into()
}

/// A column as it came.
pub fn values(bytes: &[u8]) -> Vec<f64> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty());
    chunks
        .iter()
        .map(|chunk| f64::from_le_bytes(*chunk))
        .collect()
}

/// An instant.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}

/// A field near Brussels whose wind is measured at 2 m.
pub fn site() -> proto::Site {
    proto::Site {
        latitude_deg: 50.85,
        longitude_deg: 4.35,
        elevation_m: 50.0,
        wind_height_m: 2.0,
    }
}
