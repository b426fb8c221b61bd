//! Coordinate reference systems by EPSG code, and points between them and WGS 84.
//!
//! Definitions come from the EPSG list of `crs-definitions`, the mathematics from `proj4rs`. A
//! system whose relation to WGS 84 is unknown here is refused: a field drawn 100 m beside itself
//! gives numbers that look right. Datum shifts are the seven-parameter ones of the list; those by
//! grid files are refused.

mod disputed;

use std::sync::LazyLock;

use proj4rs::Proj;
use proj4rs::transform::{Transform, TransformClosure, transform};
use thiserror::Error;

/// How far a point may move on the way there and back before it counts as outside the system's
/// area, degrees; a tenth of a metre, far above rounding and far below the jumps of a projection
/// beyond its domain.
const ROUND_TRIP_DEGREES: f64 = 1e-6;

/// Length of a degree along the equator of WGS 84, metres.
const METRES_PER_DEGREE: f64 = 6_378_137.0 * std::f64::consts::PI / 180.0;

static WGS84: LazyLock<Proj> = LazyLock::new(|| {
    Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs")
        .expect("a definition without parameters from outside")
});

/// Why a reference system, or a point in it, cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CrsError {
    /// The code is in no list here.
    #[error("EPSG:{epsg} is not a known horizontal reference system")]
    Unknown {
        /// The code.
        epsg: u32,
    },
    /// The system is known, but its coordinates cannot be computed here.
    #[error("EPSG:{epsg} is not supported: {why}")]
    Unsupported {
        /// The code.
        epsg: u32,
        /// The missing piece, in words.
        why: &'static str,
    },
    /// A coordinate is NaN or infinite.
    #[error("the point ({x}, {y}) is not finite")]
    NotFinite {
        /// First coordinate.
        x: f64,
        /// Second coordinate.
        y: f64,
    },
    /// The point lies where the system has no coordinates.
    #[error("the point ({x}, {y}) lies outside the area of EPSG:{epsg}")]
    OutsideArea {
        /// First coordinate: longitude in degrees, or easting.
        x: f64,
        /// Second coordinate: latitude in degrees, or northing.
        y: f64,
        /// The system.
        epsg: u32,
    },
}

/// A horizontal reference system with its first axis east and its second north.
#[derive(Debug, Clone)]
pub struct Crs {
    epsg: u32,
    proj: Proj,
}

impl Crs {
    /// The system of an EPSG code.
    ///
    /// # Errors
    /// [`CrsError::Unknown`] for a code not in the list, [`CrsError::Unsupported`] for one whose
    /// projection, axes or datum cannot be computed.
    pub fn from_epsg(epsg: u32) -> Result<Self, CrsError> {
        let listed = u16::try_from(epsg)
            .ok()
            .and_then(crs_definitions::from_code)
            .ok_or(CrsError::Unknown { epsg })?;
        let definition = disputed::corrected(epsg).unwrap_or(listed.proj4);
        if let Some(why) = refusal(epsg, definition) {
            return Err(CrsError::Unsupported { epsg, why });
        }
        let proj = Proj::from_proj_string(definition).map_err(|_| CrsError::Unsupported {
            epsg,
            why: "its projection is not implemented",
        })?;
        if !(proj.has_forward() && proj.has_inverse()) {
            return Err(CrsError::Unsupported {
                epsg,
                why: "its projection has no inverse",
            });
        }
        Ok(Self { epsg, proj })
    }

    /// The EPSG code.
    pub fn epsg(&self) -> u32 {
        self.epsg
    }

    /// Whether coordinates are longitude and latitude in degrees.
    pub fn is_geographic(&self) -> bool {
        self.proj.is_latlong()
    }

    /// Metres in one unit of the axes: 1 for most projected systems, 0.3048… for those in feet; for
    /// a geographic system, the length of a degree along the equator.
    pub fn metres_per_unit(&self) -> f64 {
        if self.is_geographic() {
            METRES_PER_DEGREE
        } else {
            self.proj.to_meter()
        }
    }

    /// WGS 84 longitude and latitude, degrees, to coordinates of this system, in place.
    ///
    /// # Errors
    /// [`CrsError::NotFinite`], [`CrsError::OutsideArea`]; the points are then in no defined state.
    pub fn project(&self, points: &mut [(f64, f64)]) -> Result<(), CrsError> {
        for point in points {
            *point = self.project_one(*point)?;
        }
        Ok(())
    }

    /// Coordinates of this system to WGS 84 longitude and latitude, degrees, in place.
    ///
    /// # Errors
    /// [`CrsError::NotFinite`], [`CrsError::OutsideArea`]; the points are then in no defined state.
    pub fn unproject(&self, points: &mut [(f64, f64)]) -> Result<(), CrsError> {
        for point in points {
            *point = self.unproject_one(*point)?;
        }
        Ok(())
    }

    fn project_one(&self, (lon, lat): (f64, f64)) -> Result<(f64, f64), CrsError> {
        finite(lon, lat)?;
        let outside = CrsError::OutsideArea {
            x: lon,
            y: lat,
            epsg: self.epsg,
        };
        if lon.abs() > 180.0 || lat.abs() > 90.0 {
            return Err(outside);
        }
        let there = self.forward((lon, lat)).ok_or(outside.clone())?;
        let back = self.inverse(there).ok_or(outside.clone())?;
        if same_place((lon, lat), back) {
            Ok(there)
        } else {
            Err(outside)
        }
    }

    fn unproject_one(&self, (x, y): (f64, f64)) -> Result<(f64, f64), CrsError> {
        finite(x, y)?;
        let outside = CrsError::OutsideArea {
            x,
            y,
            epsg: self.epsg,
        };
        if self.is_geographic() && (x.abs() > 360.0 || y.abs() > 90.0) {
            return Err(outside);
        }
        let there = self.inverse((x, y)).ok_or(outside.clone())?;
        let back = self
            .forward(there)
            .and_then(|back| self.inverse(back))
            .ok_or(outside.clone())?;
        if same_place(there, back) {
            Ok(there)
        } else {
            Err(outside)
        }
    }

    fn forward(&self, (lon, lat): (f64, f64)) -> Option<(f64, f64)> {
        let mut point = Point(lon.to_radians(), lat.to_radians());
        transform(&WGS84, &self.proj, &mut point).ok()?;
        point.finite(self.is_geographic())
    }

    fn inverse(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let mut point = if self.is_geographic() {
            Point(x.to_radians(), y.to_radians())
        } else {
            Point(x, y)
        };
        transform(&self.proj, &WGS84, &mut point).ok()?;
        point.finite(true)
    }
}

/// One point in the units of `proj4rs`: radians or the units of a projected system.
struct Point(f64, f64);

impl Point {
    /// The coordinates, in degrees where they are angles; None where one is not finite.
    fn finite(self, is_angle: bool) -> Option<(f64, f64)> {
        let Self(x, y) = self;
        let found = if is_angle {
            (x.to_degrees(), y.to_degrees())
        } else {
            (x, y)
        };
        (found.0.is_finite() && found.1.is_finite()).then_some(found)
    }
}

impl Transform for Point {
    fn transform_coordinates<F: TransformClosure>(
        &mut self,
        step: &mut F,
    ) -> proj4rs::errors::Result<()> {
        (self.0, self.1, _) = step(self.0, self.1, 0.0)?;
        Ok(())
    }
}

fn finite(x: f64, y: f64) -> Result<(), CrsError> {
    if x.is_finite() && y.is_finite() {
        Ok(())
    } else {
        Err(CrsError::NotFinite { x, y })
    }
}

/// Whether two points of WGS 84, degrees, are the same place; ±180° are, and all longitudes at a pole.
fn same_place(a: (f64, f64), b: (f64, f64)) -> bool {
    let lon = (a.0 - b.0).rem_euclid(360.0);
    let lon = lon.min(360.0 - lon) * a.1.to_radians().cos();
    lon <= ROUND_TRIP_DEGREES && (a.1 - b.1).abs() <= ROUND_TRIP_DEGREES
}

/// What in a definition cannot be computed right; None where everything can.
fn refusal(epsg: u32, definition: &str) -> Option<&'static str> {
    if disputed::is_disputed(epsg) {
        return Some("its definition at hand disagrees with PROJ by 5 m or more");
    }
    let value = |key: &str| {
        definition
            .split_ascii_whitespace()
            .find_map(|word| word.strip_prefix(key))
    };
    if value("+proj=") == Some("geocent") {
        return Some("it is geocentric, with no east and north axes");
    }
    if value("+axis=").is_some() {
        return Some("its axes do not run east and north");
    }
    if value("+nadgrids=").is_some_and(|grids| grids != "@null")
        || value("+datum=") == Some("NAD27")
    {
        return Some("its datum shift needs a grid file");
    }
    let is_modern = matches!(value("+ellps="), Some("GRS80" | "WGS84"));
    let has_shift = ["+towgs84=", "+datum=", "+nadgrids="]
        .into_iter()
        .any(|key| value(key).is_some());
    (!is_modern && !has_shift).then_some("the shift of its datum to WGS 84 is not known")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_outside_the_domain_is_refused_not_moved() {
        let utm = Crs::from_epsg(32631).expect("a UTM zone");

        let quarter_turn = utm.project(&mut [(93.0, 0.0)]);
        let far = utm.unproject(&mut [(1e12, 1e12)]);

        assert!(matches!(quarter_turn, Err(CrsError::OutsideArea { .. })));
        assert!(matches!(far, Err(CrsError::OutsideArea { .. })));
    }

    #[test]
    fn a_point_that_is_not_finite_is_refused() {
        let utm = Crs::from_epsg(32631).expect("a UTM zone");

        for bad in [(f64::NAN, 0.0), (3.0, f64::INFINITY)] {
            assert!(matches!(
                utm.project(&mut [bad]),
                Err(CrsError::NotFinite { .. })
            ));
        }
    }

    #[test]
    fn latitude_first_is_seen_where_it_leaves_the_globe() {
        let web = Crs::from_epsg(3857).expect("web mercator");

        assert!(web.project(&mut [(3.0, 95.0)]).is_err());
    }

    #[test]
    fn every_utm_zone_is_known() {
        for zone in 1..=60 {
            for base in [32600, 32700] {
                let crs = Crs::from_epsg(base + zone).expect("a UTM zone");
                let central = f64::from(zone) * 6.0 - 183.0;
                let mut points = [(central, 0.0)];

                crs.project(&mut points).expect("on the central meridian");

                assert!((points[0].0 - 500_000.0).abs() < 1e-6);
                assert!(!crs.is_geographic());
            }
        }
    }

    #[test]
    fn systems_that_cannot_be_computed_are_refused_with_the_reason() {
        let why = |epsg| match Crs::from_epsg(epsg) {
            Err(CrsError::Unsupported { why, .. }) => why,
            other => panic!("EPSG:{epsg} gave {other:?}"),
        };

        assert!(why(4267).contains("grid file"));
        assert!(why(2000).contains("not known"));
        assert!(why(4978).contains("geocentric"));
        assert!(why(2053).contains("axes"));
        assert!(why(29182).contains("disagrees"));
        assert_eq!(
            Crs::from_epsg(999_999).err(),
            Some(CrsError::Unknown { epsg: 999_999 })
        );
    }

    #[test]
    fn geographic_coordinates_are_degrees() {
        let wgs84 = Crs::from_epsg(4326).expect("WGS 84");
        let mut points = [(4.25, 50.75), (180.0, -90.0)];

        wgs84.project(&mut points).expect("on the globe");

        assert!(wgs84.is_geographic());
        assert!((points[0].0 - 4.25).abs() < 1e-12 && (points[0].1 - 50.75).abs() < 1e-12);
    }

    #[test]
    fn feet_are_told_from_metres() {
        let new_york = Crs::from_epsg(2263).expect("state plane in feet");

        assert!((new_york.metres_per_unit() - 1200.0 / 3937.0).abs() < 1e-9);
    }
}
