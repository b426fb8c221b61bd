//! A raster looked up from the pixels of a Web-Mercator tile.
//!
//! The middle of each pixel of the tile is carried into the raster's reference system, and the value
//! there is taken: of the raster's own pixels, or, where the tile is coarser, of averages over whole
//! squares of them. So a value is averaged, never a colour, and no pixel is passed over.
//!
//! ```text
//! Tile ── Lookup: which window, which squares ──► Squares ◄── values of the window, in any order
//!            └────────── sample(squares) ──► values of the tile, row by row
//! ```

mod mesh;
mod squares;

#[cfg(test)]
mod tests;

pub use squares::Squares;

use std::ops::Range;

use crate::crs::Crs;
use crate::grid::{Grid, Window};
use crate::mercator::{HALF_WORLD, Tile, to_mercator, to_wgs84};
use mesh::Mesh;

/// Points that each side of a window is divided by on its way to the tile: its edges bend.
const POINTS_PER_SIDE: u32 = 32;

/// How a value is taken between the squares' middles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resampling {
    /// The square that holds the point.
    Nearest,
    /// The four squares around the point, weighted by nearness, over those that have a value. A
    /// point whose own square has none has none.
    Bilinear,
}

/// Where the pixels of a tile lie in a window of a grid.
#[derive(Debug, Clone)]
pub struct Lookup {
    size: u32,
    mesh: Mesh,
    within: Window,
    factors: (u32, u32),
    window: Window,
}

impl Lookup {
    /// A tile of `size` pixels a side over a window of a grid; None where they are apart.
    ///
    /// # Panics
    /// Where a side has fewer than 2 pixels.
    pub fn new(tile: Tile, size: u32, grid: &Grid, crs: &Crs, within: Window) -> Option<Self> {
        assert!(size >= 2, "a tile of {size} pixels");
        let (cols, rows) = reached_pixels(tile, size, grid, crs, within)?;
        let exact = |col: f64, row: f64| exact_place(tile, size, grid, crs, col, row);
        let mesh = Mesh::new(cols, rows, &exact);
        let (per_col, per_row) = mesh.pixels_per_step()?;
        let factors = (whole_factor(per_col), whole_factor(per_row));
        let (least, most) = mesh.extent()?;
        // One square more on each side: bilinear looks at the neighbours.
        let cols = whole_squares(least.0, most.0, factors.0, within.col..within.col_end())?;
        let rows = whole_squares(least.1, most.1, factors.1, within.row..within.row_end())?;
        let window = Window {
            col: cols.start,
            row: rows.start,
            width: cols.end - cols.start,
            height: rows.end - rows.start,
        };
        Some(Self {
            size,
            mesh,
            within,
            factors,
            window,
        })
    }

    /// The pixels of the grid that are needed.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Columns and rows of the grid's pixels that are averaged for one value: 1 unless a pixel of
    /// the tile is at least two of them wide.
    pub fn factors(&self) -> (u32, u32) {
        self.factors
    }

    /// Values that [`Lookup::squares`] makes room for.
    pub fn square_count(&self) -> u64 {
        squares::touched(self.window, self.factors).pixel_count()
    }

    /// Nothing yet of the values that are needed.
    pub fn squares(&self) -> Squares {
        Squares::new(self.window, self.factors)
    }

    /// Values of the tile, row by row, NaN where there is none.
    pub fn sample(&self, squares: &Squares, resampling: Resampling) -> Vec<f32> {
        let size = self.size as usize;
        let means = squares.means();
        let mut values = vec![f32::NAN; size * size];
        let (cols, rows) = (f64::from(self.factors.0), f64::from(self.factors.1));
        self.mesh.each(|tile_col, tile_row, col, row| {
            if !holds(self.within, col, row) {
                return;
            }
            let (col, row) = (col / cols, row / rows);
            values[tile_row as usize * size + tile_col as usize] = match resampling {
                Resampling::Nearest => means.nearest(col, row),
                Resampling::Bilinear => means.bilinear(col, row),
            };
        });
        values
    }
}

/// Whether a point, in columns and rows, lies in a window; NaN lies nowhere.
fn holds(window: Window, col: f64, row: f64) -> bool {
    (f64::from(window.col)..f64::from(window.col_end())).contains(&col)
        && (f64::from(window.row)..f64::from(window.row_end())).contains(&row)
}

/// Column and row of the grid, as fractions, at a point of the tile in its pixels; None where the
/// grid's reference system does not reach.
fn exact_place(
    tile: Tile,
    size: u32,
    grid: &Grid,
    crs: &Crs,
    col: f64,
    row: f64,
) -> Option<(f64, f64)> {
    let bounds = tile.bounds();
    let step = tile.side() / f64::from(size);
    let x = bounds.west + col * step;
    // The world goes on where it ends: a margin beyond ±180° is the other side.
    let x = (x + HALF_WORLD).rem_euclid(2.0 * HALF_WORLD) - HALF_WORLD;
    let mut point = [to_wgs84(x, bounds.north - row * step)];
    crs.project(&mut point).ok()?;
    Some(grid.transform.to_pixel(point[0].0, point[0].1))
}

/// Columns and rows of the tile whose pixels may lie in a window of the grid, at least two of each.
fn reached_pixels(
    tile: Tile,
    size: u32,
    grid: &Grid,
    crs: &Crs,
    window: Window,
) -> Option<(Range<u32>, Range<u32>)> {
    let everything = Some((0..size, 0..size));
    let (bounds, step) = (tile.bounds(), tile.side() / f64::from(size));
    let (mut least, mut most) = (
        (f64::INFINITY, f64::INFINITY),
        (f64::NEG_INFINITY, f64::NEG_INFINITY),
    );
    for point in edge(window) {
        let mut point = [grid.transform.to_world(point.0, point.1)];
        if crs.unproject(&mut point).is_err() {
            // A window larger than its reference system reaches: every pixel is asked for itself.
            return everything;
        }
        let (x, y) = to_mercator(point[0].0, point[0].1);
        let (col, row) = ((x - bounds.west) / step, (bounds.north - y) / step);
        least = (least.0.min(col), least.1.min(row));
        most = (most.0.max(col), most.1.max(row));
    }
    Some((
        reached(least.0, most.0, size)?,
        reached(least.1, most.1, size)?,
    ))
}

/// Points along the edge of a window, in columns and rows.
fn edge(window: Window) -> impl Iterator<Item = (f64, f64)> {
    let (left, right) = (f64::from(window.col), f64::from(window.col_end()));
    let (top, bottom) = (f64::from(window.row), f64::from(window.row_end()));
    (0..=POINTS_PER_SIDE).flat_map(move |point| {
        let share = f64::from(point) / f64::from(POINTS_PER_SIDE);
        let (col, row) = (left + share * (right - left), top + share * (bottom - top));
        [(col, top), (col, bottom), (left, row), (right, row)]
    })
}

/// Pixels of a tile between two places, one more on each side, at least two; None beyond the tile.
fn reached(least: f64, most: f64, size: u32) -> Option<Range<u32>> {
    let (start, end) = (least.floor() - 1.0, most.ceil() + 1.0);
    let limit = f64::from(size);
    if !(start < limit && end > 0.0) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "held between 0 and the size"
    )]
    let (start, end) = (start.max(0.0) as u32, end.min(limit) as u32);
    let start = start.min(size - 2);
    Some(start..end.max(start + 2))
}

/// Pixels of the grid that are averaged, where a step of the tile is so many of them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of floats saturate, and a raster has fewer pixels"
)]
fn whole_factor(pixels_per_step: f64) -> u32 {
    (pixels_per_step as u32).max(1)
}

/// Pixels of whole squares around two places and one square more on each side, cut to a range; the
/// squares are counted from the grid's own corner, so that neighbouring tiles share them.
fn whole_squares(least: f64, most: f64, factor: u32, within: Range<u32>) -> Option<Range<u32>> {
    let factor = f64::from(factor);
    let (start, end) = (f64::from(within.start), f64::from(within.end));
    let first = ((least / factor).floor() - 1.0) * factor;
    let past = ((most / factor).floor() + 2.0) * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "held between the ends of a range of u32"
    )]
    let cut = first.clamp(start, end) as u32..past.clamp(start, end) as u32;
    (!cut.is_empty()).then_some(cut)
}
