//! The methods: validate, convert, take a slot, compute, convert back.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use furrow_raster::cog;
use furrow_rpc::ndvi::v1 as proto;
use furrow_rpc::ndvi::v1::ndvi_service_server::NdviService;
use furrow_service_kit::{Cancel, ComputePool, Stopped, cpu};
use futures::FutureExt as _;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};
use tracing::Span;

use crate::convert;
use crate::describe::describe_raster;
use crate::measure::{Distribution, measure_digital_numbers};
use crate::picture::{View, bounds_wgs84};
use crate::render::render_index;
use crate::scenes::{Admitted, Rasters};
use crate::status::NdviError;
use crate::store::Location;
use crate::summarize::{Order, SummarizedField, summarize_fields};
use crate::write::write_index;

/// Answers that wait for a slow caller.
const ANSWERS_AHEAD: usize = 64;

/// Pixels of one permit of the room for files in the making.
const PIXELS_PER_PERMIT: u64 = 1 << 16;

/// Sizes of pictures.
const PICTURE_SIZES: std::ops::RangeInclusive<u32> = 16..=2048;

/// The service.
#[derive(Debug, Clone)]
pub struct Grpc {
    /// Where rasters are.
    pub rasters: Arc<Rasters>,
    /// Where calls compute.
    pub compute: Arc<ComputePool>,
    /// Most pixels of a window.
    pub max_pixels: u64,
    /// Room for files in the making: those that are written at the same time have together no more
    /// pixels than the largest one may have.
    write_room: Arc<Semaphore>,
}

impl Grpc {
    /// A service over these rasters and threads.
    pub fn new(rasters: Rasters, compute: Arc<ComputePool>, max_pixels: u64) -> Self {
        let permits = usize::try_from(max_pixels / PIXELS_PER_PERMIT).unwrap_or(usize::MAX);
        Self {
            rasters: Arc::new(rasters),
            compute,
            max_pixels,
            write_room: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Takes a slot for a call.
    fn admit(&self, cancel: Cancel) -> Result<Admitted, NdviError> {
        let slot = self.compute.admit().map_err(|_| NdviError::Busy)?;
        Ok(Admitted { slot, cancel })
    }

    async fn view(
        &self,
        call: &Admitted,
        scenes: Vec<proto::Scene>,
        index: Option<proto::IndexFormula>,
        outline_wkb: Option<Vec<u8>>,
    ) -> Result<View, NdviError> {
        let scenes = convert::scenes(scenes)?;
        let index = convert::one_index(index, &scenes)?;
        let outline = outline_wkb
            .map(|wkb| convert::outline(&wkb, ""))
            .transpose()?;
        View::open(
            &self.rasters,
            call,
            &scenes,
            &index,
            outline,
            self.max_pixels,
        )
        .await
    }

    async fn describe(
        &self,
        request: proto::DescribeRasterRequest,
        cancel: Cancel,
    ) -> Result<proto::DescribeRasterResponse, NdviError> {
        let location = convert::location("object", request.object)?;
        let call = self.admit(cancel)?;
        let raster = self.rasters.open(&location, &call).await?;
        describe_raster(&raster)
    }

    async fn measure(
        &self,
        request: proto::MeasureDigitalNumbersRequest,
        cancel: Cancel,
    ) -> Result<proto::MeasureDigitalNumbersResponse, NdviError> {
        let scene = convert::scene(request.scene)?;
        let kept = if request.kept_classes.is_empty() {
            None
        } else if scene.masks.is_empty() {
            return Err(NdviError::request("kept_classes", "needs a mask layer"));
        } else {
            Some(convert::class_set("kept_classes", request.kept_classes)?)
        };
        let call = self.admit(cancel)?;
        let measured = measure_digital_numbers(&self.rasters, &call, &scene, kept).await?;
        let bands = scene.bands.into_iter().zip(measured);
        Ok(proto::MeasureDigitalNumbersResponse {
            bands: bands
                .map(|(band, found)| numbers_message(band.name, &found))
                .collect(),
        })
    }

    async fn render(
        &self,
        request: proto::RenderIndexRequest,
        cancel: Cancel,
    ) -> Result<proto::RenderIndexResponse, NdviError> {
        let ramp = convert::ramp(&request.stops)?;
        if !PICTURE_SIZES.contains(&request.max_size) {
            let reason = format!("is {}; 16 to 2048 are allowed", request.max_size);
            return Err(NdviError::request("max_size", reason));
        }
        let call = self.admit(cancel)?;
        let view = self
            .view(&call, request.scenes, request.index, request.outline_wkb)
            .await?;
        let picture = render_index(&self.rasters, &call, &view, request.max_size, ramp).await?;
        Ok(proto::RenderIndexResponse {
            grid: Some(convert::grid_message(&picture.grid)),
            bounds_wgs84: bounds_wgs84(&picture.grid, &view.mosaic.crs, "the scene")?,
            png: picture.png,
        })
    }

    async fn write(
        &self,
        request: proto::WriteIndexRequest,
        cancel: Cancel,
    ) -> Result<proto::WriteIndexResponse, NdviError> {
        let encoding = match request.encoding() {
            proto::Encoding::Float32 => cog::Encoding::Float32,
            proto::Encoding::Int16 => cog::Encoding::Int16,
            proto::Encoding::Unspecified => {
                return Err(NdviError::request("encoding", "is missing"));
            }
        };
        let compression = match request.compression() {
            proto::Compression::Deflate => cog::Compression::Deflate,
            proto::Compression::Zstd => cog::Compression::Zstd,
            proto::Compression::Unspecified => {
                return Err(NdviError::request("compression", "is missing"));
            }
        };
        let key = match Location::key(&request.key) {
            Ok(Location::Key(key)) if request.key.starts_with("derived/") => key,
            Ok(_) => return Err(NdviError::request("key", "must begin with derived/")),
            Err(reason) => return Err(NdviError::request("key", reason)),
        };
        let tags = convert::tags(request.tags)?;
        let call = self.admit(cancel)?;
        let view = self
            .view(&call, request.scenes, request.index, request.outline_wkb)
            .await?;
        let permits = view.window.pixel_count() / PIXELS_PER_PERMIT;
        let room = self
            .write_room
            .try_acquire_many(u32::try_from(permits).unwrap_or(u32::MAX));
        let _room = room.map_err(|_| NdviError::Busy)?;
        let rasters = &self.rasters;
        let written = write_index(rasters, &call, &view, &key, encoding, compression, tags).await?;
        Ok(proto::WriteIndexResponse {
            size_bytes: written.size_bytes,
            grid: Some(convert::grid_message(&written.grid)),
            sha256: written.sha256,
        })
    }
}

/// A panic is a failure: a stream that merely ended would look like one that said all.
async fn unpanicked<T>(work: impl Future<Output = Result<T, NdviError>>) -> Result<T, NdviError> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or(Err(NdviError::Stopped(Stopped::Panicked)))
}

/// The message of a request and the flag of its call.
fn taken<T>(request: Request<T>) -> (T, Cancel) {
    let cancel = request.extensions().get::<Cancel>().cloned();
    // The layer around every call puts one in; without it nothing is cancelled.
    let cancel = cancel.unwrap_or_else(|| Cancel::new(None));
    (request.into_inner(), cancel)
}

fn order(request: proto::SummarizeFieldsRequest) -> Result<Order, NdviError> {
    let scenes = convert::scenes(request.scenes)?;
    Ok(Order {
        indices: convert::indices(request.indices, &scenes)?,
        fields: convert::fields(request.fields)?,
        quantiles: convert::quantiles(request.quantiles)?,
        histogram_bins: convert::histogram_bins(request.histogram_bins)?,
        scenes,
    })
}

#[tonic::async_trait]
impl NdviService for Grpc {
    async fn describe_raster(
        &self,
        request: Request<proto::DescribeRasterRequest>,
    ) -> Result<Response<proto::DescribeRasterResponse>, Status> {
        let (request, cancel) = taken(request);
        let _gone = cancel.set_on_drop();
        Ok(Response::new(self.describe(request, cancel).await?))
    }

    async fn measure_digital_numbers(
        &self,
        request: Request<proto::MeasureDigitalNumbersRequest>,
    ) -> Result<Response<proto::MeasureDigitalNumbersResponse>, Status> {
        let (request, cancel) = taken(request);
        let _gone = cancel.set_on_drop();
        Ok(Response::new(self.measure(request, cancel).await?))
    }

    type SummarizeFieldsStream =
        Pin<Box<dyn Stream<Item = Result<proto::SummarizeFieldsResponse, Status>> + Send>>;

    async fn summarize_fields(
        &self,
        request: Request<proto::SummarizeFieldsRequest>,
    ) -> Result<Response<Self::SummarizeFieldsStream>, Status> {
        let (request, cancel) = taken(request);
        let call = self.admit(cancel.clone())?;
        // Ten thousand outlines are work for the pool.
        let order = call.run(move || order(request)).await?;
        tracing::info!(
            scene_id = %order.scenes[0].scene_id,
            scenes = order.scenes.len(),
            fields = order.fields.len(),
            indices = order.indices.len(),
            "Summarizing fields."
        );
        let (answers, found) = mpsc::channel(ANSWERS_AHEAD);
        let (rasters, max_pixels) = (Arc::clone(&self.rasters), self.max_pixels);
        let deadline = cancel.deadline();
        let work = async move {
            let _gone = cancel.set_on_drop();
            let summarizing = summarize_fields(&rasters, &call, order, max_pixels, &answers);
            let late = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let outcome = tokio::select! {
                outcome = unpanicked(summarizing) => outcome,
                () = late => Err(NdviError::Stopped(Stopped::DeadlineExceeded)),
                () = answers.closed() => return,
            };
            // A caller that takes nothing is told so when it does, and holds no slot until then.
            drop(call);
            if let Err(error) = outcome {
                let _ = answers.send(Err(error)).await;
            }
        };
        cpu::spawn(work);
        // The stream is polled outside of the call's span; a failure is logged within it.
        let span = Span::current();
        let messages = ReceiverStream::new(found).map(move |answer| {
            let failed = |error| span.in_scope(|| Status::from(error));
            answer.map(field_message).map_err(failed)
        });
        Ok(Response::new(Box::pin(messages)))
    }

    async fn render_index(
        &self,
        request: Request<proto::RenderIndexRequest>,
    ) -> Result<Response<proto::RenderIndexResponse>, Status> {
        let (request, cancel) = taken(request);
        let _gone = cancel.set_on_drop();
        Ok(Response::new(self.render(request, cancel).await?))
    }

    async fn render_tile(
        &self,
        request: Request<proto::RenderTileRequest>,
    ) -> Result<Response<proto::RenderTileResponse>, Status> {
        let (request, cancel) = taken(request);
        let _gone = cancel.set_on_drop();
        Ok(Response::new(self.tile(request, cancel).await?))
    }

    async fn write_index(
        &self,
        request: Request<proto::WriteIndexRequest>,
    ) -> Result<Response<proto::WriteIndexResponse>, Status> {
        let (request, cancel) = taken(request);
        let _gone = cancel.set_on_drop();
        Ok(Response::new(self.write(request, cancel).await?))
    }
}

fn numbers_message(band: String, found: &Distribution) -> proto::DigitalNumbers {
    let quantiles = found.quantiles;
    proto::DigitalNumbers {
        band,
        measured_pixels: found.measured_pixels,
        nodata_pixels: found.nodata_pixels,
        min: quantiles.map(|quantiles| quantiles.min),
        quantile_01: quantiles.map(|quantiles| quantiles.quantile_01),
        median: quantiles.map(|quantiles| quantiles.median),
        quantile_99: quantiles.map(|quantiles| quantiles.quantile_99),
        max: quantiles.map(|quantiles| quantiles.max),
    }
}

fn field_message(field: SummarizedField) -> proto::SummarizeFieldsResponse {
    proto::SummarizeFieldsResponse {
        field_id: field.field_id,
        index: field.index,
        grid: Some(convert::grid_message(&field.grid)),
        summary: Some(convert::summary_message(field.summary, field.scene_pixels)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_as_a_failure() {
        let panicked = unpanicked::<()>(async { panic!("as planned") }).await;
        assert!(matches!(
            panicked,
            Err(NdviError::Stopped(Stopped::Panicked))
        ));
        assert!(matches!(unpanicked(async { Ok(7) }).await, Ok(7)));
    }
}
