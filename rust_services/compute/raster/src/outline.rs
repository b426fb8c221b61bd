//! Outlines of fields: from WKB in degrees to rings of fractional columns and rows of a grid.
//!
//! The polygon is carried to the raster's reference system, never the raster to the polygon's, so
//! that pixels keep the values they were measured with.

mod error;
mod project;
mod wkb;

use crate::{
    area::{PixelAreas, signed_area},
    crs::Crs,
    grid::{Grid, Window},
};
pub use error::OutlineError;

/// What an outline may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutlineLimits {
    /// Largest WKB, bytes.
    pub max_bytes: usize,
    /// Most vertices, all rings together.
    pub max_vertices: usize,
}

impl Default for OutlineLimits {
    /// 1 MiB and 100,000 vertices; real fields have below 10,000.
    fn default() -> Self {
        Self {
            max_bytes: 1 << 20,
            max_vertices: 100_000,
        }
    }
}

/// A closed ring; the last point is the first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ring {
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether the ring cuts out of the polygon it belongs to.
    pub(crate) is_hole: bool,
}

/// A Polygon or `MultiPolygon` in WGS 84, degrees, longitude first.
///
/// Edges are straight in longitude and latitude, as RFC 7946 has them. Whether rings cross is not
/// looked at here; [`crate::coverage::Coverage::of`] refuses what does.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    rings: Vec<Ring>,
}

impl Outline {
    /// Reads an outline from WKB or EWKB, either byte order; Z and M are dropped.
    ///
    /// # Errors
    /// [`OutlineError`], for anything that is not a closed, finite, bounded outline on Earth.
    pub fn from_wkb(bytes: &[u8], limits: &OutlineLimits) -> Result<Self, OutlineError> {
        let rings = wkb::parse(bytes, limits)?;
        let outline = Self { rings };
        outline.check()?;
        Ok(outline)
    }

    fn check(&self) -> Result<(), OutlineError> {
        if self.rings.is_empty() {
            return Err(OutlineError::Empty);
        }
        for (index, ring) in self.rings.iter().enumerate() {
            check_ring(index, ring)?;
        }
        Ok(())
    }

    /// West, south, east and north, degrees.
    pub fn bounds(&self) -> [f64; 4] {
        bounds(self.rings.iter().flat_map(|ring| &ring.points))
    }

    /// Number of vertices, the closing ones included.
    pub fn vertex_count(&self) -> usize {
        self.rings.iter().map(|ring| ring.points.len()).sum()
    }

    /// Carries the outline to a grid: its edges are divided until none bends by a hundredth of a
    /// pixel. Polygons that the reference system does not reach at all are left out.
    ///
    /// # Errors
    /// [`OutlineError::Unprojectable`] where the reference system reaches only part of a polygon,
    /// [`OutlineError::TooIntricate`] where dividing takes too many vertices.
    pub fn on_grid(&self, crs: &Crs, grid: &Grid) -> Result<GridOutline, OutlineError> {
        let rings = project::onto(&self.rings, crs, grid)?;
        Ok(GridOutline::new(rings, *grid, PixelAreas::of(crs, grid)))
    }
}

fn check_ring(index: usize, ring: &Ring) -> Result<(), OutlineError> {
    let points = &ring.points;
    if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return Err(OutlineError::NotFinite);
    }
    if points.len() < 4 {
        return Err(OutlineError::RingTooShort {
            ring: index,
            found: points.len(),
        });
    }
    if points.first() != points.last() {
        return Err(OutlineError::RingNotClosed { ring: index });
    }
    let on_earth = |&&(lon, lat): &&(f64, f64)| lon.abs() <= 180.0 && lat.abs() <= 90.0;
    if let Some(&(lon, lat)) = points.iter().find(|point| !on_earth(point)) {
        return Err(OutlineError::OutOfRange { lon, lat });
    }
    // Ring by ring: an outline that was cut at the antimeridian reaches around the Earth as a whole.
    let [west, _, east, _] = bounds(points.iter());
    if east - west > 180.0 {
        return Err(OutlineError::TooWide { width: east - west });
    }
    if !ring.is_hole && signed_area(points).abs() <= 0.0 {
        return Err(OutlineError::NoArea);
    }
    Ok(())
}

fn bounds<'a>(points: impl Iterator<Item = &'a (f64, f64)>) -> [f64; 4] {
    let nothing = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    points.fold(nothing, |[west, south, east, north], &(x, y)| {
        [west.min(x), south.min(y), east.max(x), north.max(y)]
    })
}

/// An outline in fractional columns and rows of a grid, which it may leave on every side.
#[derive(Debug, Clone, PartialEq)]
pub struct GridOutline {
    rings: Vec<Ring>,
    grid: Grid,
    areas: PixelAreas,
    area_m2: f64,
    window: Option<Window>,
}

impl GridOutline {
    /// An outline whose rings are given in pixels already: polygons, each its outer ring and its
    /// holes, in any orientation.
    ///
    /// # Errors
    /// As [`Outline::from_wkb`] for rings that are empty, short, open or not finite.
    pub fn from_pixels(
        polygons: &[Vec<Vec<(f64, f64)>>],
        grid: &Grid,
        areas: PixelAreas,
    ) -> Result<Self, OutlineError> {
        let mut rings = Vec::new();
        for polygon in polygons {
            for (index, points) in polygon.iter().enumerate() {
                let found = points.len();
                if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
                    return Err(OutlineError::NotFinite);
                }
                if found < 4 {
                    return Err(OutlineError::RingTooShort {
                        ring: rings.len(),
                        found,
                    });
                }
                if points.first() != points.last() {
                    return Err(OutlineError::RingNotClosed { ring: rings.len() });
                }
                rings.push(Ring {
                    points: points.clone(),
                    is_hole: index > 0,
                });
            }
        }
        if rings.is_empty() {
            return Err(OutlineError::Empty);
        }
        Ok(Self::new(rings, *grid, areas))
    }

    fn new(rings: Vec<Ring>, grid: Grid, areas: PixelAreas) -> Self {
        let area_m2 = rings.iter().fold(0.0, |sum, ring| {
            let area_m2 = areas.of_ring(&ring.points).abs();
            if ring.is_hole {
                sum - area_m2
            } else {
                sum + area_m2
            }
        });
        let window = bounding_window(&rings, &grid);
        Self {
            rings,
            grid,
            areas,
            area_m2,
            window,
        }
    }

    /// The grid that columns and rows are of.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Square metres inside, also of parts outside the grid, as far as its reference system reaches:
    /// on the plane of a projected grid, on the ellipsoid for a grid in degrees.
    pub fn area_m2(&self) -> f64 {
        self.area_m2
    }

    /// Square metres of pixels.
    pub fn areas(&self) -> &PixelAreas {
        &self.areas
    }

    /// The smallest window of the grid that holds all pixels inside; None where the outline's box
    /// and the grid are apart.
    pub fn window(&self) -> Option<Window> {
        self.window
    }

    pub(crate) fn rings(&self) -> &[Ring] {
        &self.rings
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to the grid before
fn bounding_window(rings: &[Ring], grid: &Grid) -> Option<Window> {
    let [left, top, right, bottom] = bounds(rings.iter().flat_map(|ring| &ring.points));
    let clamp = |value: f64, size: u32| value.clamp(0.0, f64::from(size)) as u32;
    let col = clamp(left.floor(), grid.width);
    let row = clamp(top.floor(), grid.height);
    let col_end = clamp(right.ceil(), grid.width);
    let row_end = clamp(bottom.ceil(), grid.height);
    (col < col_end && row < row_end).then(|| Window {
        col,
        row,
        width: col_end - col,
        height: row_end - row,
    })
}

#[cfg(test)]
mod tests;
