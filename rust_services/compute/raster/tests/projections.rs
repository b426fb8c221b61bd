//! Points against PROJ: `tests/golden/projections.json` holds what PROJ says, made as its head tells.

use furrow_raster::crs::Crs;
use serde_json::Value;

const GOLDEN: &str = include_str!("../../../../tests/golden/projections.json");

/// Agreement with PROJ where no datum shift is involved, metres.
const PLAIN_M: f64 = 1e-3;

/// Agreement with PROJ where the datum shifts by seven parameters, metres: the list rounds some of
/// them, RD New's the most (10.3 mm). Against the national grid file such a shift itself is good to
/// 1 m (RD New, Belgium), 2 m (Great Britain) or 3 m (Germany), says PROJ's operation.
const SHIFTED_M: f64 = 1.2e-2;

/// Length of a degree of a great circle, metres.
const DEGREE_M: f64 = 111_320.0;

#[test]
fn points_agree_with_proj_both_ways() {
    let golden: Value = serde_json::from_str(GOLDEN).expect("golden file");
    let systems = golden["systems"].as_array().expect("systems");
    assert!(systems.len() > 50);

    for system in systems {
        let epsg = u32::try_from(system["epsg"].as_u64().expect("code")).expect("a code");
        let crs = Crs::from_epsg(epsg).expect("a supported system");
        let tolerance = match system["shift"].as_str() {
            Some("none") => PLAIN_M,
            _ => SHIFTED_M,
        };
        for point in system["points"].as_array().expect("points") {
            let [lon, lat, x, y] = std::array::from_fn(|i| point[i].as_f64().expect("number"));
            let mut there = [(lon, lat)];
            let mut back = [(x, y)];

            crs.project(&mut there).expect("inside the area of use");
            crs.unproject(&mut back).expect("inside the area of use");

            let forward = (there[0].0 - x).hypot(there[0].1 - y) * crs.metres_per_unit();
            let inverse = (back[0].0 - lon).hypot(back[0].1 - lat) * DEGREE_M;
            assert!(
                forward.max(inverse) < tolerance,
                "EPSG:{epsg} at {lon} {lat}: {forward:.4} m there, {inverse:.4} m back"
            );
        }
    }
}
