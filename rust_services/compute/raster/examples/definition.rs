//! Points through definitions of `proj4rs`, one JSON document in, one out: what the maker of the
//! tables of `furrow_raster::crs` tries them with.
//!
//! In: a list of `[definition, [[longitude, latitude], …], [[x, y], …]]`; `EPSG:` and a code stand for
//! the definition of the list `crs-definitions`. Out: for each, null where there is none, or `[definition, [[x, y], …], [[longitude, latitude], …]]` with
//! null for points that are refused, and instead of the lists where the definition is.

use std::io::{self, Write};

use proj4rs::Proj;
use proj4rs::transform::transform;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;
type Points = Vec<(f64, f64)>;

fn main() -> Result<(), Failure> {
    let wgs84 = Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs")?;
    let tasks: Vec<(String, Points, Points)> = serde_json::from_reader(io::stdin())?;
    let answers: Vec<Value> = tasks
        .into_iter()
        .map(|(definition, degrees, plane)| {
            let code = definition.strip_prefix("EPSG:");
            let listed = code
                .and_then(|code| code.parse().ok())
                .and_then(crs_definitions::from_code);
            let definition = match listed {
                Some(listed) => listed.proj4,
                None => definition.as_str(),
            };
            let Ok(proj) = Proj::from_proj_string(definition) else {
                return listed.map_or(Value::Null, |_| json!([definition, null, null]));
            };
            json!([
                definition,
                carry(&wgs84, &proj, &degrees),
                carry(&proj, &wgs84, &plane)
            ])
        })
        .collect();
    io::stdout().write_all(&serde_json::to_vec(&answers)?)?;
    Ok(())
}

fn carry(from: &Proj, to: &Proj, points: &[(f64, f64)]) -> Vec<Option<(f64, f64)>> {
    let one = |&(x, y): &(f64, f64)| {
        let (x, y) = if from.is_latlong() {
            (x.to_radians(), y.to_radians())
        } else {
            (x, y)
        };
        let mut point = (x, y, 0.0);
        transform(from, to, &mut point).ok()?;
        let (x, y, _) = point;
        let (x, y) = if to.is_latlong() {
            (x.to_degrees(), y.to_degrees())
        } else {
            (x, y)
        };
        (x.is_finite() && y.is_finite()).then_some((x, y))
    };
    points.iter().map(one).collect()
}
