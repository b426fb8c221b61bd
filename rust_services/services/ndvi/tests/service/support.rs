//! A running service with a store of its own, and the messages of requests.

#![expect(
    clippy::unnecessary_wraps,
    reason = "messages hold their parts in options"
)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use furrow_ndvi::Ndvi;
use furrow_ndvi::config::NdviConfig;
use furrow_raster::cog::{self, CogSpec, Compression, Encoding, TileSize};
use furrow_raster::grid::{GeoTransform, Grid};
use furrow_raster::tiff::{Limits, Parsed, SparseBytes, parse};
use furrow_rpc::common::v1::{ObjectRef, object_ref::Location};
use furrow_rpc::ndvi::v1::ndvi_service_client::NdviServiceClient;
use furrow_rpc::ndvi::v1::{self as proto};
use furrow_service_kit::StartError;
use furrow_service_kit::serve::{Addresses, serve};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Nothing in these tests takes longer, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Labels of every metric of requests.
pub const OURS: &str = r#"runtime="rust",service="furrow-ndvi""#;

/// The line that counts requests by how they ended.
pub fn ended(route: &str, method: &str, code: &str, count: u32) -> String {
    format!(
        r#"http_requests_total{{{OURS},route="{route}",method="{method}",code="{code}"}} {count}"#
    )
}

/// A service in this process.
pub struct Running {
    pub folder: TempDir,
    pub channel: Channel,
    pub client: NdviServiceClient<Channel>,
    pub addresses: Addresses,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<bool, StartError>>,
}

/// Starts a service over an empty store, with more settings than the usual ones.
pub async fn start_with(settings: &[(&str, &str)]) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    std::fs::create_dir(&store).expect("a store");
    let store_url = format!("file://{}", store.display());
    let listen = format!("unix:{}", folder.path().join("ndvi.sock").display());
    let mut environment = HashMap::from([
        ("FURROW_STORE_URL", store_url.as_str()),
        ("FURROW_NDVI_LISTEN", listen.as_str()),
        ("FURROW_NDVI_ADMIN_LISTEN", "127.0.0.1:0"),
        ("FURROW_NDVI_THREADS", "1"),
        ("FURROW_NDVI_DRAIN_S", "5"),
    ]);
    environment.extend(settings.iter().copied());
    let config = NdviConfig::from_environment(&environment).expect("valid settings");

    let (listening, has_bound) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve::<Ndvi>(config, Some(listening), async move {
        let _ = stopped.await;
    }));
    let addresses = has_bound.await.expect("it listens");
    let endpoint = Endpoint::from_shared(addresses.grpc.to_string()).expect("an address");
    let channel = endpoint.connect_lazy();
    Running {
        client: NdviServiceClient::new(channel.clone()),
        folder,
        channel,
        addresses,
        stop: Some(stop),
        task,
    }
}

/// Starts a service over an empty store.
pub async fn start() -> Running {
    start_with(&[]).await
}

impl Running {
    /// Asks the service to stop.
    pub fn stop(&mut self) {
        let stop = self.stop.take().expect("it is stopped once");
        stop.send(()).expect("it runs");
    }

    /// Waits for the end: whether every call ended in time.
    pub async fn ended(self) -> bool {
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended
            .expect("it ends")
            .expect("no panic")
            .expect("no error")
    }

    pub fn store_path(&self, key: &str) -> PathBuf {
        self.folder.path().join("store").join(key)
    }

    /// Puts a file into the store.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.store_path(key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }

    /// The metrics as they are now.
    pub async fn metrics(&self) -> String {
        http_get(&self.addresses.admin.to_string(), "/metrics")
            .await
            .1
    }

    /// Waits until a line stands in the metrics.
    pub async fn metric(&self, line: &str) {
        let seen = async {
            while !self.metrics().await.lines().any(|found| found == line) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, seen).await;
        assert!(
            waited.is_ok(),
            "{line} never came:\n{}",
            self.metrics().await
        );
    }
}

/// Status and body of a plain GET.
pub async fn http_get(host: &str, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(host)
        .await
        .expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("read");
    let status = answer[9..12].parse().expect("a status");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

/// A grid of thousandths of a degree from 5° E 52° N, or of metres in UTM zone 31.
pub fn degrees(width: u32, height: u32) -> Grid {
    grid(width, height, (5.0, 52.0), 0.001, 4326)
}

pub fn grid(width: u32, height: u32, origin: (f64, f64), pixel: f64, epsg: u32) -> Grid {
    Grid {
        width,
        height,
        transform: GeoTransform {
            origin_x: origin.0,
            origin_y: origin.1,
            pixel_width: pixel,
            pixel_height: pixel,
        },
        epsg,
    }
}

/// A file of 32-bit floats from a value for each column and row.
pub fn plane(grid: Grid, value: impl Fn(u32, u32) -> f32) -> Vec<u8> {
    let pixels = (0..grid.height).flat_map(|row| (0..grid.width).map(move |col| (col, row)));
    let values: Vec<f32> = pixels.map(|(col, row)| value(col, row)).collect();
    let spec = CogSpec {
        grid,
        is_geographic: grid.epsg == 4326,
        tile_size: TileSize::Px256,
        encoding: Encoding::Float32,
        compression: Compression::Zstd,
        description: "plane".to_owned(),
        tags: BTreeMap::new(),
    };
    cog::write(&spec, &values).expect("a file")
}

/// All values of the first band of a file.
pub fn values_of(bytes: &[u8]) -> (u32, Vec<f64>) {
    let sparse = SparseBytes::whole(bytes.to_vec());
    let Ok(Parsed::Ready(tiff)) = parse(&sparse, &Limits::default()) else {
        panic!("the file is readable");
    };
    let image = tiff.full();
    let mut values = vec![f64::NAN; image.width as usize * image.height as usize];
    for chunk in image.chunks_covering(0, image.full_window()) {
        let range = image.byte_range(chunk).expect("every tile is written");
        let range = usize::try_from(range.start).expect("small")
            ..usize::try_from(range.end).expect("small");
        let samples = image.decode(chunk, &bytes[range], &[0]).expect("decodes");
        let window = image.chunk_window(chunk);
        for place in 0..samples[0].len() {
            let col = window.col as usize + place % window.width as usize;
            let row = window.row as usize + place / window.width as usize;
            values[row * image.width as usize + col] = samples[0].get_f64(place);
        }
    }
    (image.width, values)
}

/// Well-known binary of polygons: each a list of rings, each a list of points.
pub fn wkb(polygons: &[Vec<Vec<(f64, f64)>>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = |bytes: &mut Vec<u8>, kind: u32, count: usize| {
        bytes.push(1);
        bytes.extend(kind.to_le_bytes());
        bytes.extend(u32::try_from(count).expect("few").to_le_bytes());
    };
    if polygons.len() > 1 {
        header(&mut bytes, 6, polygons.len());
    }
    for rings in polygons {
        header(&mut bytes, 3, rings.len());
        for ring in rings {
            bytes.extend(u32::try_from(ring.len()).expect("few").to_le_bytes());
            for (x, y) in ring {
                bytes.extend(x.to_le_bytes());
                bytes.extend(y.to_le_bytes());
            }
        }
    }
    bytes
}

/// A box of columns and rows of [`degrees`], as an outline.
pub fn box_wkb(cols: (f64, f64), rows: (f64, f64)) -> Vec<u8> {
    let point = |col: f64, row: f64| (5.0 + col * 0.001, 52.0 - row * 0.001);
    let corners = [
        point(cols.0, rows.0),
        point(cols.1, rows.0),
        point(cols.1, rows.1),
        point(cols.0, rows.1),
        point(cols.0, rows.0),
    ];
    wkb(&[vec![corners.to_vec()]])
}

pub fn key(key: &str) -> Option<ObjectRef> {
    Some(ObjectRef {
        location: Some(Location::Key(key.to_owned())),
    })
}

pub fn url(url: &str) -> Option<ObjectRef> {
    Some(ObjectRef {
        location: Some(Location::Url(url.to_owned())),
    })
}

/// A band whose digital numbers are reflectance.
pub fn band(name: &str, object: Option<ObjectRef>) -> proto::Band {
    proto::Band {
        name: name.to_owned(),
        object,
        band_number: 1,
        scale: 1.0,
        offset: 0.0,
        nodata: None,
        min_digital_number: None,
        max_digital_number: None,
    }
}

/// One scene, as requests that take several hold it.
pub fn scenes(bands: Vec<proto::Band>, masks: Vec<proto::MaskLayer>) -> Vec<proto::Scene> {
    scene(bands, masks).into_iter().collect()
}

/// One scene, as requests that take no other hold it.
pub fn scene(bands: Vec<proto::Band>, masks: Vec<proto::MaskLayer>) -> Option<proto::Scene> {
    Some(proto::Scene {
        scene_id: "test".to_owned(),
        bands,
        masks,
    })
}

/// A mask layer of classes.
pub fn classes(object: Option<ObjectRef>, masked: &[u32], dilation_m: f64) -> proto::MaskLayer {
    proto::MaskLayer {
        object,
        band_number: 1,
        rule: Some(proto::mask_layer::Rule::Classes(proto::ClassRule {
            masked: masked.to_vec(),
            dilated: masked.to_vec(),
        })),
        dilation_m,
    }
}

pub fn index(name: &str, formula: &str) -> proto::IndexFormula {
    proto::IndexFormula {
        name: name.to_owned(),
        formula: formula.to_owned(),
        ..proto::IndexFormula::default()
    }
}

pub fn field(field_id: &str, outline_wkb: Vec<u8>) -> proto::FieldOutline {
    proto::FieldOutline {
        field_id: field_id.to_owned(),
        outline_wkb,
    }
}

/// Summaries by field and index.
pub type Summaries = BTreeMap<(String, String), proto::FieldSummary>;

/// Collects all answers of a call.
pub async fn summarize(
    running: &Running,
    request: proto::SummarizeFieldsRequest,
) -> Result<Summaries, Status> {
    let mut client = running.client.clone();
    let mut stream = client.summarize_fields(request).await?.into_inner();
    let mut summaries = Summaries::new();
    while let Some(answer) = stream.message().await? {
        let summary = answer.summary.expect("an answer has numbers");
        let twice = summaries.insert((answer.field_id, answer.index), summary);
        assert!(twice.is_none(), "each field and index is answered once");
    }
    Ok(summaries)
}

/// Code and reason of a refusal.
pub fn refusal(status: &Status) -> (Code, String) {
    let info = status
        .get_details_error_info()
        .expect("every refusal has a reason");
    assert_eq!(info.domain, "furrow");
    (status.code(), info.reason)
}

pub fn assert_close(found: f64, worked: f64) {
    // 32-bit values over positions in degrees that are rounded at 1e-16.
    let tolerance = 1e-6 * worked.abs().max(1.0);
    assert!(
        (found - worked).abs() <= tolerance,
        "found {found}, worked {worked}"
    );
}

/// The folder of real data beside the repository; None where it is absent, which CI does not accept.
pub fn shared_data(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "CI needs {folder}"
    );
    eprintln!("skipped: {folder} is absent");
    None
}
