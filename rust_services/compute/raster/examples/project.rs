//! Projects points: one JSON document in, one out. What the tests hold against PROJ.
//!
//! In: a list of `[epsg, [[longitude, latitude], …]]`. Out: for each, a text that says why the
//! system is refused, or a list with `[x, y, longitude, latitude]` a point, there and back, and null
//! for a point that is refused.

use std::io::{self, Write};

use furrow_raster::crs::Crs;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let tasks: Vec<(u32, Vec<(f64, f64)>)> = serde_json::from_reader(io::stdin())?;
    let answers: Vec<Value> = tasks
        .into_iter()
        .map(|(epsg, points)| answer(epsg, &points))
        .collect();
    io::stdout().write_all(&serde_json::to_vec(&answers)?)?;
    Ok(())
}

fn answer(epsg: u32, points: &[(f64, f64)]) -> Value {
    let crs = match Crs::from_epsg(epsg) {
        Ok(crs) => crs,
        Err(error) => return json!(error.to_string()),
    };
    let there_and_back = |&point: &(f64, f64)| {
        let mut there = [point];
        crs.project(&mut there).ok()?;
        let mut back = there;
        crs.unproject(&mut back).ok()?;
        Some([there[0].0, there[0].1, back[0].0, back[0].1])
    };
    points.iter().map(there_and_back).collect::<Vec<_>>().into()
}
