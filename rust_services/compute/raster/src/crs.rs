//! Coordinate reference systems by EPSG code, and points between them and WGS 84.
//!
//! The mathematics come from `proj4rs`, the definitions from the module `definition`. A system whose relation
//! to WGS 84 is unknown here is refused: a field drawn 100 m beside itself gives numbers that look
//! right.

mod definition;
mod error;

use std::sync::LazyLock;

use proj4rs::Proj;
use proj4rs::transform::{Transform, TransformClosure, transform};

pub use error::CrsError;

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
    /// [`CrsError::Unknown`] for a code that no list has, [`CrsError::Unsupported`] for one whose
    /// projection, axes or datum cannot be computed.
    pub fn from_epsg(epsg: u32) -> Result<Self, CrsError> {
        let definition = match definition::of(epsg) {
            Ok(definition) => definition,
            Err(None) => return Err(CrsError::Unknown { epsg }),
            Err(Some(why)) => return Err(CrsError::Unsupported { epsg, why }),
        };
        let proj = Proj::from_proj_string(&definition).map_err(|_| CrsError::Unsupported {
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

    /// The code of the plane or geographic system that one with heights lies on; None for others.
    pub fn plane_of(epsg: u32) -> Option<u32> {
        definition::plane_of(epsg)
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

#[cfg(test)]
mod tests;
