//! Computes the masked NDVI of a whole scene as the service does, writes nothing, and says what it
//! took: what `make bench` compares with the same in rasterio and numpy.
//!
//! The argument is a folder with `red.tif`, `nir.tif` and `scl.tif`.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use furrow_index::{Formula, ValidRange};
use furrow_ndvi::config::NdviConfig;
use furrow_ndvi::mosaic::mosaics;
use furrow_ndvi::pipeline::fold_blocks;
use furrow_ndvi::request::{BandPlace, BandSpec, IndexSpec, MaskSpec, Radiometry, SceneSpec};
use furrow_ndvi::scenes::{Admitted, Rasters};
use furrow_ndvi::stack::IndexBlock;
use furrow_ndvi::store::{Location, Stores};
use furrow_raster::mask::{ClassSet, Rule};
use furrow_service_kit::metrics::Metrics;
use furrow_service_kit::{Cancel, ComputePool};

fn place(file: &str) -> Result<BandPlace, String> {
    Ok(BandPlace {
        location: Location::key(file)?,
        band_number: 1,
    })
}

fn scene() -> Result<SceneSpec, String> {
    let band = |name: &str, file: &str| {
        Ok::<_, String>(BandSpec {
            name: name.to_owned(),
            place: place(file)?,
            radiometry: Radiometry {
                scale: 1e-4,
                offset: -0.1,
                nodata: Some(0.0),
                min_digital_number: None,
                max_digital_number: None,
            },
        })
    };
    let masked = ClassSet::new([3, 8, 9, 10]).ok_or("classes are below 256")?;
    Ok(SceneSpec {
        scene_id: "bench".to_owned(),
        bands: vec![band("red", "red.tif")?, band("nir", "nir.tif")?],
        masks: vec![MaskSpec {
            place: place("scl.tif")?,
            rule: Rule::Classes {
                masked,
                dilated: ClassSet::default(),
            },
            dilation_m: 0.0,
        }],
    })
}

/// What was computed: values that are there, and their sum.
#[derive(Debug, Default)]
struct Sum {
    count: u64,
    sum: f64,
}

impl Sum {
    fn add(&mut self, block: &IndexBlock) {
        for value in &block.indices[0].values {
            if !value.is_nan() {
                self.count += 1;
                self.sum += f64::from(*value);
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which folder?")?;
    let address = format!("file://{}", std::fs::canonicalize(folder)?.display());
    let environment = HashMap::from([("FURROW_STORE_URL", address.as_str())]);
    let config = NdviConfig::from_environment(&environment)?;
    let metrics = Metrics::new("whole-scene", "0");
    let rasters = Rasters::new(
        Stores::open(&config, metrics.clone())?,
        config.max_pixels,
        metrics.clone(),
    );
    let threads = std::thread::available_parallelism()?.get();
    let pool = ComputePool::new(threads, metrics.clone());
    let scene = scene()?;
    let index = IndexSpec {
        name: "ndvi".to_owned(),
        formula: Formula::parse("(nir - red) / (nir + red)", &["red", "nir"])?,
        bands: vec![0, 1],
        constants: BTreeMap::new(),
        valid: ValidRange {
            min: Some(-1.0),
            max: Some(1.0),
        },
    };

    let begun = Instant::now();
    let call = Admitted {
        slot: pool.admit().map_err(|_| "the pool is full")?,
        cancel: Cancel::new(None),
    };
    let opened = mosaics(&rasters, &call, &[scene], &[index]).await?;
    let mosaic = Arc::new(opened.into_iter().next().ok_or("no grid")?);
    let windows = mosaic.lattice.within(mosaic.grid.full_window());
    let step = |sum: &mut Sum, block: &IndexBlock| {
        sum.add(block);
        Ok(Vec::<()>::new())
    };
    let sum = fold_blocks(
        &mosaic,
        windows,
        &call,
        &metrics,
        Sum::default(),
        step,
        None,
    )
    .await?;
    let seconds = begun.elapsed().as_secs_f64();

    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak_kib: f64 = peak
        .and_then(|peak| peak.split_whitespace().next()?.parse().ok())
        .ok_or("the kernel says no peak")?;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let ticks: Vec<&str> = stat
        .rsplit(')')
        .next()
        .map(|columns| columns.split_whitespace().collect())
        .unwrap_or_default();
    // Columns 14 and 15 of the whole line, in hundredths of a second.
    let cpu: f64 = ticks[11].parse::<f64>()? + ticks[12].parse::<f64>()?;
    let found = serde_json::json!({
        "seconds": seconds,
        "cpu_s": cpu / 100.0,
        "peak_mib": peak_kib / 1024.0,
        "mean": sum.sum / sum.count as f64,
        "count": sum.count,
    });
    writeln!(std::io::stdout(), "{found}")?;
    Ok(())
}
