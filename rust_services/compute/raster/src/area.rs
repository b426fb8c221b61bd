//! Square metres of pixels: on a projected plane, or on the ellipsoid for grids in degrees.

use crate::{crs::Crs, grid::Grid};

/// WGS 84: semi-major axis, metres (NIMA TR8350.2, table 3.1).
const SEMI_MAJOR_M: f64 = 6_378_137.0;
/// WGS 84: flattening (the same table).
const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// How many square metres a pixel of a grid has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PixelAreas {
    /// Every pixel the same, as on a projected plane.
    Planar {
        /// Square metres.
        area_m2: f64,
    },
    /// Pixels are degrees wide and shrink towards the poles.
    Ellipsoidal {
        /// Latitude of the upper edge of the first row, degrees.
        north: f64,
        /// Height of a pixel, degrees.
        height: f64,
        /// Width of a pixel, degrees.
        width: f64,
    },
}

impl PixelAreas {
    /// The areas of a grid's pixels.
    pub fn of(crs: &Crs, grid: &Grid) -> Self {
        let transform = &grid.transform;
        if crs.is_geographic() {
            Self::Ellipsoidal {
                north: transform.origin_y,
                height: transform.pixel_height,
                width: transform.pixel_width,
            }
        } else {
            let metres = crs.metres_per_unit();
            Self::Planar {
                area_m2: transform.pixel_width * transform.pixel_height * metres * metres,
            }
        }
    }

    /// Square metres of one pixel of a row.
    pub fn of_row(&self, row: u32) -> f64 {
        match *self {
            Self::Planar { area_m2 } => area_m2,
            Self::Ellipsoidal {
                north,
                height,
                width,
            } => {
                let top = north - f64::from(row) * height;
                (band_area(top) - band_area(top - height)) * width.to_radians()
            }
        }
    }

    /// Square metres inside a closed ring of fractional columns and rows, positive where the ring
    /// runs clockwise as seen on the map.
    pub(crate) fn of_ring(&self, ring: &[(f64, f64)]) -> f64 {
        match *self {
            Self::Planar { area_m2 } => signed_area(ring) * area_m2,
            Self::Ellipsoidal {
                north,
                height,
                width,
            } => ring
                .windows(2)
                .map(|edge| {
                    let ((x0, y0), (x1, y1)) = (edge[0], edge[1]);
                    let lat = |y: f64| north - y * height;
                    (x1 - x0) * width.to_radians() * mean_band_area(lat(y0), lat(y1))
                })
                .sum(),
        }
    }
}

/// Shoelace formula in pixels: positive where the ring runs clockwise with rows growing southward.
///
/// Taken around the first vertex, so that rings far from the origin lose no digits.
pub(crate) fn signed_area(ring: &[(f64, f64)]) -> f64 {
    let Some(&(x, y)) = ring.first() else {
        return 0.0;
    };
    ring.windows(2)
        .map(|edge| {
            let ((x0, y0), (x1, y1)) = (edge[0], edge[1]);
            (x0 - x) * (y1 - y) - (x1 - x) * (y0 - y)
        })
        .sum::<f64>()
        / 2.0
}

/// Square metres between the equator and a latitude, per radian of longitude.
///
/// # Source
/// Snyder (1987), Map Projections: A Working Manual, USGS PP 1395, eq. 3-12: `a² q / 2`.
fn band_area(lat_degrees: f64) -> f64 {
    let eccentricity2 = FLATTENING * (2.0 - FLATTENING);
    let eccentricity = eccentricity2.sqrt();
    let sine = lat_degrees.to_radians().sin();
    let q = (1.0 - eccentricity2)
        * (sine / (1.0 - eccentricity2 * sine * sine)
            + (eccentricity * sine).atanh() / eccentricity);
    SEMI_MAJOR_M * SEMI_MAJOR_M * q / 2.0
}

/// Mean of [`band_area`] along an edge that is straight in degrees.
///
/// Gauss–Legendre with three nodes a degree: the next term is below 1e-12 of the value.
fn mean_band_area(from: f64, to: f64) -> f64 {
    const NODES: [(f64, f64); 3] = [
        (-0.774_596_669_241_483_4, 5.0 / 18.0),
        (0.0, 8.0 / 18.0),
        (0.774_596_669_241_483_4, 5.0 / 18.0),
    ];
    let pieces = (to - from).abs().ceil().clamp(1.0, 180.0);
    let step = (to - from) / pieces;
    let mut sum = 0.0;
    let mut start = from;
    let mut piece = 0.0;
    while piece < pieces {
        for (node, weight) in NODES {
            sum += weight * band_area(start + step * (0.5 + 0.5 * node));
        }
        start += step;
        piece += 1.0;
    }
    sum / pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ellipsoid_has_the_surface_that_wgs_84_states() {
        let surface = band_area(90.0) * 4.0 * std::f64::consts::PI;

        // NIMA TR8350.2, table 3.3 gives the authalic radius 6 371 007.1809 m.
        let published = 4.0 * std::f64::consts::PI * 6_371_007.180_9_f64.powi(2);
        assert!((surface / published - 1.0).abs() < 1e-10);
    }

    #[test]
    fn a_ring_around_one_pixel_of_degrees_has_that_pixels_area() {
        let areas = PixelAreas::Ellipsoidal {
            north: 51.0,
            height: 0.25,
            width: 0.5,
        };

        let ring = [(3.0, 4.0), (4.0, 4.0), (4.0, 5.0), (3.0, 5.0), (3.0, 4.0)];

        let pixel = areas.of_row(4);
        assert!((areas.of_ring(&ring) / pixel - 1.0).abs() < 1e-9);
        // About 27.8 km by 35.3 km at 49.9 degrees north.
        assert!((pixel / 1e6 - 998.9).abs() < 3.0, "{pixel}");
    }
}
