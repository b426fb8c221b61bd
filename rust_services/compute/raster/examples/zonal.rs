//! Zonal statistics as a program: one JSON document in, one out. What the tests hold against
//! exactextract.
//!
//! In: `epsg`, `origin` (x, y of the upper left corner), `pixel_size`, `width`, `height`, `values`
//! (row by row, null where there is none; may be absent where areas alone are asked for), `outlines` (WKB of degrees, hexadecimal), `quantiles`,
//! `block` (side of the blocks the raster is read in). Out: a list with a summary per outline.

use std::io::{self, Read, Write};

use furrow_raster::{
    coverage::Coverage,
    crs::Crs,
    grid::{GeoTransform, Grid, Window},
    outline::{Outline, OutlineLimits},
    zonal::{Accumulator, Block, PixelState, Summary, SummarySpec},
};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let task: Value = serde_json::from_str(&text)?;

    let grid = grid(&task)?;
    let crs = Crs::from_epsg(grid.epsg)?;
    let blocks = blocks(&task, &grid)?;
    let spec = SummarySpec {
        quantiles: numbers(&task["quantiles"])?,
        histogram: None,
    };

    let outlines = task["outlines"].as_array().ok_or("no outlines")?;
    let answers = outlines
        .iter()
        .map(|outline| {
            let wkb = from_hex(outline.as_str().ok_or("an outline is hexadecimal")?)?;
            let outline = Outline::from_wkb(&wkb, &OutlineLimits::default())?;
            let coverage = Coverage::of(&outline.on_grid(&crs, &grid)?)?;
            let mut accumulator = Accumulator::new(&spec);
            for block in &blocks {
                accumulator.add(
                    &coverage,
                    &Block {
                        window: block.window,
                        values: &block.values,
                        states: &block.states,
                    },
                );
            }
            Ok(as_json(&accumulator.finish(&coverage)))
        })
        .collect::<Result<Vec<Value>, Failure>>()?;
    io::stdout().write_all(serde_json::to_string(&answers)?.as_bytes())?;
    Ok(())
}

fn grid(task: &Value) -> Result<Grid, Failure> {
    let whole = |name: &str| -> Result<u32, Failure> {
        let number = task[name].as_u64().ok_or("a number is missing")?;
        Ok(u32::try_from(number)?)
    };
    let origin = numbers(&task["origin"])?;
    let pixel_size = task["pixel_size"].as_f64().ok_or("no pixel_size")?;
    Ok(Grid {
        width: whole("width")?,
        height: whole("height")?,
        transform: GeoTransform {
            origin_x: origin[0],
            origin_y: origin[1],
            pixel_width: pixel_size,
            pixel_height: pixel_size,
        },
        epsg: whole("epsg")?,
    })
}

struct OwnedBlock {
    window: Window,
    values: Vec<f32>,
    states: Vec<PixelState>,
}

/// The raster in blocks, so that the sum over blocks is what is tested.
fn blocks(task: &Value, grid: &Grid) -> Result<Vec<OwnedBlock>, Failure> {
    let Some(values) = task["values"].as_array() else {
        return Ok(Vec::new());
    };
    #[allow(clippy::cast_possible_truncation)] // values are f32 written as JSON
    let values: Vec<f32> = values
        .iter()
        .map(|value| value.as_f64().map_or(f32::NAN, |value| value as f32))
        .collect();
    let side = usize::try_from(task["block"].as_u64().ok_or("no block")?)?;
    let (width, height) = (grid.width, grid.height);
    let mut blocks = Vec::new();
    for row in (0..height).step_by(side) {
        for col in (0..width).step_by(side) {
            let side = u32::try_from(side)?;
            let window = Window {
                col,
                row,
                width: side.min(width - col),
                height: side.min(height - row),
            };
            let values: Vec<f32> = (row..window.row_end())
                .flat_map(|row| {
                    let start = (row * width + col) as usize;
                    values[start..start + window.width as usize].iter().copied()
                })
                .collect();
            let states = values
                .iter()
                .map(|value| {
                    if value.is_nan() {
                        PixelState::NoData
                    } else {
                        PixelState::Valid
                    }
                })
                .collect();
            blocks.push(OwnedBlock {
                window,
                values,
                states,
            });
        }
    }
    Ok(blocks)
}

fn as_json(summary: &Summary) -> Value {
    let values = summary.values.as_ref();
    json!({
        "covered_pixels": summary.covered_pixels,
        "covered_area_m2": summary.covered_area_m2,
        "outline_area_m2": summary.outline_area_m2,
        "effective_pixels": summary.effective_pixels,
        "valid_share": summary.valid_share,
        "clear_share": summary.clear_share,
        "edge_share": summary.edge_share,
        "mean": values.map(|values| values.mean),
        "standard_deviation": values.map(|values| values.standard_deviation),
        "min": values.map(|values| values.min),
        "max": values.map(|values| values.max),
        "median": values.map(|values| values.median),
        "quantiles": values.map(|values| values.quantiles.clone()),
    })
}

fn numbers(list: &Value) -> Result<Vec<f64>, Failure> {
    let list = list.as_array().ok_or("a list of numbers is missing")?;
    list.iter()
        .map(|number| number.as_f64().ok_or_else(|| "not a number".into()))
        .collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>, Failure> {
    (0..text.len())
        .step_by(2)
        .map(|start| {
            Ok(u8::from_str_radix(
                text.get(start..start + 2).ok_or("odd")?,
                16,
            )?)
        })
        .collect()
}
