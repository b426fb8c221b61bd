//! Tiles of the scheme `WebMercatorQuad`: squares of EPSG:3857, halved at each zoom, counted from the
//! north-west corner.
//!
//! # Source
//! OGC Two Dimensional Tile Matrix Set 2.0, annex D.1; EPSG Guidance Note 7-2, 3.2.2 (method 1024).

use std::f64::consts::{FRAC_PI_2, PI};

/// Radius of the sphere of EPSG:3857, metres.
const RADIUS: f64 = 6_378_137.0;

/// Half the side of the square that all tiles make up, metres.
pub const HALF_WORLD: f64 = RADIUS * PI;

/// Largest zoom that is addressed: a pixel is then about a centimetre.
pub const MAX_ZOOM: u32 = 24;

/// A tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    zoom: u32,
    column: u32,
    row: u32,
}

/// A rectangle; which units it has says whoever gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Smallest x, or longitude.
    pub west: f64,
    /// Smallest y, or latitude.
    pub south: f64,
    /// Largest x, or longitude.
    pub east: f64,
    /// Largest y, or latitude.
    pub north: f64,
}

impl Tile {
    /// A tile of a zoom, its column from the west and its row from the north; None where there is
    /// none.
    pub fn new(zoom: u32, column: u32, row: u32) -> Option<Self> {
        let exists = zoom <= MAX_ZOOM && column < 1 << zoom && row < 1 << zoom;
        exists.then_some(Self { zoom, column, row })
    }

    /// The tile of a zoom that holds a point of WGS 84, degrees; a point beyond the square belongs to
    /// the nearest tile.
    ///
    /// # Panics
    /// Where the zoom is above [`MAX_ZOOM`].
    pub fn holding(lon: f64, lat: f64, zoom: u32) -> Self {
        assert!(zoom <= MAX_ZOOM, "zoom {zoom}; at most {MAX_ZOOM}");
        let (x, y) = to_mercator(lon, lat);
        let count = f64::from(1_u32 << zoom);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "held between 0 and the number of tiles"
        )]
        let number = |share: f64| (share * count).clamp(0.0, count - 1.0) as u32;
        Self {
            zoom,
            column: number((x + HALF_WORLD) / (2.0 * HALF_WORLD)),
            row: number((HALF_WORLD - y) / (2.0 * HALF_WORLD)),
        }
    }

    /// Its zoom, column and row.
    pub fn numbers(&self) -> (u32, u32, u32) {
        (self.zoom, self.column, self.row)
    }

    /// Side in metres of EPSG:3857.
    pub fn side(&self) -> f64 {
        2.0 * HALF_WORLD / f64::from(1_u32 << self.zoom)
    }

    /// Where it lies in EPSG:3857, metres.
    pub fn bounds(&self) -> Bounds {
        let side = self.side();
        let edge = |number: u32| f64::from(number) * side - HALF_WORLD;
        Bounds {
            west: edge(self.column),
            south: -edge(self.row + 1),
            east: edge(self.column + 1),
            north: -edge(self.row),
        }
    }

    /// Where it lies in WGS 84, degrees.
    pub fn bounds_wgs84(&self) -> Bounds {
        let metres = self.bounds();
        let (west, south) = to_wgs84(metres.west, metres.south);
        let (east, north) = to_wgs84(metres.east, metres.north);
        Bounds {
            west,
            south,
            east,
            north,
        }
    }
}

/// Longitude and latitude of WGS 84, degrees, to metres of EPSG:3857. The poles lie infinitely far;
/// a latitude beyond ±90° counts as the pole.
pub fn to_mercator(lon: f64, lat: f64) -> (f64, f64) {
    let lat = lat.to_radians().clamp(-FRAC_PI_2, FRAC_PI_2);
    (RADIUS * lon.to_radians(), RADIUS * lat.sin().atanh())
}

/// Metres of EPSG:3857 to longitude and latitude of WGS 84, degrees.
pub fn to_wgs84(x: f64, y: f64) -> (f64, f64) {
    (
        (x / RADIUS).to_degrees(),
        (y / RADIUS).sinh().atan().to_degrees(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_beyond_its_zoom_is_none() {
        assert!(Tile::new(0, 0, 0).is_some());
        assert!(Tile::new(0, 1, 0).is_none());
        assert!(Tile::new(3, 7, 8).is_none());
        assert!(Tile::new(24, (1 << 24) - 1, 0).is_some());
        assert!(Tile::new(25, 0, 0).is_none());
    }

    #[test]
    fn a_point_comes_back_from_mercator() {
        for (lon, lat) in [(0.0, 0.0), (-180.0, 85.05), (13.4, 52.5), (179.9, -84.9)] {
            let (x, y) = to_mercator(lon, lat);
            let (back_lon, back_lat) = to_wgs84(x, y);
            assert!((back_lon - lon).abs() < 1e-12 && (back_lat - lat).abs() < 1e-12);
        }
    }

    #[test]
    fn a_tile_holds_its_middle_and_neighbours_share_an_edge() {
        let tile = Tile::new(14, 8329, 5498).expect("a tile");
        let degrees = tile.bounds_wgs84();
        let (lon, lat) = (
            degrees.west.midpoint(degrees.east),
            degrees.south.midpoint(degrees.north),
        );
        assert_eq!(Tile::holding(lon, lat, 14), tile);
        let next = Tile::new(14, 8330, 5498).expect("a tile");
        assert_eq!(
            tile.bounds().east.to_bits(),
            next.bounds().west.to_bits(),
            "no gap and no overlap"
        );
    }

    #[test]
    fn the_poles_belong_to_the_outermost_tiles() {
        assert_eq!(Tile::holding(0.0, 90.0, 4).numbers(), (4, 8, 0));
        assert_eq!(Tile::holding(180.0, -90.0, 4).numbers(), (4, 15, 15));
    }
}
