//! Writes a cloud-optimized GeoTIFF: a line of JSON and raw values in, the file out. What the tests
//! read back with GDAL.
//!
//! In: one line with `epsg`, `origin`, `pixel_size`, `width`, `height`, `tile_size` (256 or 512),
//! `encoding` (`float32`, `int16`), `compression` (`deflate`, `zstd`), `description`, `tags`; behind
//! it `width × height` little-endian 32-bit floats, row by row, NaN where there is no value.

use std::io::{self, Read, Write};

use furrow_raster::{
    cog::{CogSpec, Compression, Encoding, TileSize, write},
    crs::Crs,
    grid::{GeoTransform, Grid},
};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let line_end = bytes
        .iter()
        .position(|&byte| byte == b'\n')
        .ok_or("no line of JSON")?;
    let task: Value = serde_json::from_slice(&bytes[..line_end])?;
    let (floats, _) = bytes[line_end + 1..].as_chunks::<4>();
    let values: Vec<f32> = floats
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();

    let file = write(&spec(&task)?, &values).map_err(|error| error.to_string())?;
    io::stdout().write_all(&file)?;
    Ok(())
}

fn spec(task: &Value) -> Result<CogSpec, Failure> {
    let whole = |name: &str| -> Result<u32, Failure> {
        let number = task[name].as_u64().ok_or("a number is missing")?;
        Ok(u32::try_from(number)?)
    };
    let number = |value: &Value| value.as_f64().ok_or("a number is missing");
    let pixel_size = number(&task["pixel_size"])?;
    let epsg = whole("epsg")?;
    let tags = task["tags"].as_object().ok_or("no tags")?;
    Ok(CogSpec {
        grid: Grid {
            width: whole("width")?,
            height: whole("height")?,
            transform: GeoTransform {
                origin_x: number(&task["origin"][0])?,
                origin_y: number(&task["origin"][1])?,
                pixel_width: pixel_size,
                pixel_height: pixel_size,
            },
            epsg,
        },
        is_geographic: Crs::from_epsg(epsg)?.is_geographic(),
        tile_size: match whole("tile_size")? {
            256 => TileSize::Px256,
            _ => TileSize::Px512,
        },
        encoding: match task["encoding"].as_str() {
            Some("int16") => Encoding::Int16,
            _ => Encoding::Float32,
        },
        compression: match task["compression"].as_str() {
            Some("zstd") => Compression::Zstd,
            _ => Compression::Deflate,
        },
        description: task["description"].as_str().unwrap_or_default().to_owned(),
        tags: tags
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
    })
}
