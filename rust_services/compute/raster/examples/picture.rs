//! Draws values as a palette PNG: a line of JSON and raw values in, the picture out. What the tests
//! read back with GDAL.
//!
//! In: one line with `width`, `height`, `max_size`, `stops` (lists of value, red, green, blue);
//! behind it `width × height` little-endian 32-bit floats, row by row, NaN where there is no value.

use std::io::{self, Read, Write};

use furrow_raster::{
    grid::{GeoTransform, Grid},
    png::{ColourRamp, ColourStop, render},
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
    let whole = |name: &str| -> Result<u32, Failure> {
        Ok(u32::try_from(
            task[name].as_u64().ok_or("a number is missing")?,
        )?)
    };
    let grid = Grid {
        width: whole("width")?,
        height: whole("height")?,
        transform: GeoTransform {
            origin_x: 0.0,
            origin_y: 0.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
        },
        epsg: 32631,
    };

    let picture = render(&grid, &values, whole("max_size")?, &ramp(&task["stops"])?)
        .map_err(|error| error.to_string())?;
    io::stdout().write_all(&picture.png)?;
    Ok(())
}

fn ramp(stops: &Value) -> Result<ColourRamp, Failure> {
    let stop = |stop: &Value| -> Result<ColourStop, Failure> {
        let channel = |index: usize| -> Result<u8, Failure> {
            Ok(u8::try_from(stop[index].as_u64().ok_or("no colour")?)?)
        };
        Ok(ColourStop {
            value: stop[0].as_f64().ok_or("no value")?,
            rgb: [channel(1)?, channel(2)?, channel(3)?],
        })
    };
    let stops = stops.as_array().ok_or("no stops")?;
    let stops = stops.iter().map(stop).collect::<Result<_, _>>()?;
    Ok(ColourRamp::new(stops)?)
}
