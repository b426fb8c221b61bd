//! How far scenes reach on the grid of the first one.

use std::ops::Range;

use furrow_raster::crs::CrsError;
use furrow_raster::grid::{GeoTransform, Grid, Window};
use furrow_raster::resample::Alignment;

use crate::stack::Stack;
use crate::status::NdviError;

/// Points that each side of a scene is divided by before it is carried to another reference system:
/// over one of them the edge of a satellite's tile bends by less than a hundredth of a pixel.
const POINTS_PER_SIDE: u32 = 128;

/// Most columns and rows of a mosaic: at 10 m, once around the Earth.
const MAX_SIDE: i64 = 1 << 22;

/// Columns and rows of the first scene's grid, which may lie beyond its edges, that a scene reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    cols: (i64, i64),
    rows: (i64, i64),
    /// Whether its pixels are pixels of that grid.
    is_same_pixels: bool,
}

/// Where a scene lies in a mosaic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    /// The smallest window that holds it.
    pub(super) window: Window,
    /// Whether its pixels are the window's.
    pub(super) is_same_pixels: bool,
}

impl Extent {
    /// The first scene.
    pub(super) fn of(grid: &Grid) -> Self {
        Self {
            cols: (0, i64::from(grid.width)),
            rows: (0, i64::from(grid.height)),
            is_same_pixels: true,
        }
    }

    /// Another scene on the grid of the first.
    ///
    /// # Errors
    /// [`CrsError`] where it lies beyond the reach of the first one's reference system.
    pub(super) fn on(first: &Stack, other: &Stack) -> Result<Self, CrsError> {
        let corner = other.grid.transform.to_world(0.0, 0.0);
        let (col, row) = first.grid.transform.to_pixel(corner.0, corner.1);
        let fit = Alignment::between(&other.grid, &first.grid);
        if fit.is_ok_and(|alignment| alignment.factor() == 1) {
            let (col, row) = (nearest(col), nearest(row));
            return Ok(Self {
                cols: (col, col.saturating_add(other.grid.width.into())),
                rows: (row, row.saturating_add(other.grid.height.into())),
                is_same_pixels: true,
            });
        }
        let mut edge = edge_points(&other.grid);
        if first.grid.epsg != other.grid.epsg {
            other.crs.unproject(&mut edge)?;
            first.crs.project(&mut edge)?;
        }
        let edge = edge.into_iter();
        let edge: Vec<(f64, f64)> = edge
            .map(|(x, y)| first.grid.transform.to_pixel(x, y))
            .collect();
        // A pixel is the scene's where its centre is: half a pixel more or less is rounded.
        let ends = |values: &dyn Fn(&(f64, f64)) -> f64| {
            let least = edge.iter().map(values).fold(f64::INFINITY, f64::min);
            let most = edge.iter().map(values).fold(f64::NEG_INFINITY, f64::max);
            (nearest(least), nearest(most).max(nearest(least)))
        };
        Ok(Self {
            cols: ends(&|place| place.0),
            rows: ends(&|place| place.1),
            is_same_pixels: false,
        })
    }

    /// The same in a grid that starts at this column and row.
    pub(super) fn within(&self, start: (i64, i64)) -> Placed {
        let place = |ends: (i64, i64), start: i64| {
            let at = |end: i64| u32::try_from(end - start).expect("the union holds every scene");
            (at(ends.0), at(ends.1) - at(ends.0))
        };
        let (col, width) = place(self.cols, start.0);
        let (row, height) = place(self.rows, start.1);
        Placed {
            window: Window {
                col,
                row,
                width,
                height,
            },
            is_same_pixels: self.is_same_pixels,
        }
    }
}

/// The grid of the first scene carried on until it holds all, and the column and row at which it
/// starts, counted on the first scene's grid.
///
/// # Errors
/// [`NdviError::TooLarge`].
pub(super) fn union(first: &Grid, extents: &[Extent]) -> Result<(Grid, (i64, i64)), NdviError> {
    let side = |ends: &dyn Fn(&Extent) -> (i64, i64)| {
        let start = extents.iter().map(|extent| ends(extent).0).min();
        let end = extents.iter().map(|extent| ends(extent).1).max();
        let (start, end) = start.zip(end).unwrap_or_default();
        let count = end.saturating_sub(start);
        let size = u32::try_from(count).ok().filter(|_| count <= MAX_SIDE);
        let size = size.ok_or(NdviError::TooLarge {
            what: "the number of columns or rows from the first scene to the others",
            found: count.unsigned_abs(),
            allowed: MAX_SIDE.unsigned_abs(),
        })?;
        Ok::<_, NdviError>((start, size))
    };
    let (col, width) = side(&|extent| extent.cols)?;
    let (row, height) = side(&|extent| extent.rows)?;
    #[expect(clippy::cast_precision_loss, reason = "a side is far below 2^53")]
    let (origin_x, origin_y) = first.transform.to_world(col as f64, row as f64);
    let grid = Grid {
        width,
        height,
        transform: GeoTransform {
            origin_x,
            origin_y,
            ..first.transform
        },
        epsg: first.epsg,
    };
    Ok((grid, (col, row)))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates far beyond any raster"
)]
fn nearest(place: f64) -> i64 {
    place.round() as i64
}

/// Points along the edge of a grid, in its reference system.
fn edge_points(grid: &Grid) -> Vec<(f64, f64)> {
    let (width, height) = (f64::from(grid.width), f64::from(grid.height));
    let steps = (0..=POINTS_PER_SIDE).map(|step| f64::from(step) / f64::from(POINTS_PER_SIDE));
    steps
        .flat_map(|share| {
            let (col, row) = (share * width, share * height);
            [(col, 0.0), (col, height), (0.0, row), (width, row)]
        })
        .map(|(col, row)| grid.transform.to_world(col, row))
        .collect()
}

/// Runs in ascending order, those that touch made one.
pub(super) fn joined(mut runs: Vec<Range<u32>>) -> Vec<Range<u32>> {
    runs.sort_unstable_by_key(|run| run.start);
    let mut joined: Vec<Range<u32>> = Vec::with_capacity(runs.len());
    for run in runs {
        match joined.last_mut().filter(|last| run.start <= last.end) {
            Some(last) => last.end = last.end.max(run.end),
            None => joined.push(run),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(width: u32, height: u32, origin: (f64, f64)) -> Grid {
        Grid {
            width,
            height,
            transform: GeoTransform {
                origin_x: origin.0,
                origin_y: origin.1,
                pixel_width: 10.0,
                pixel_height: 10.0,
            },
            epsg: 32631,
        }
    }

    #[test]
    fn a_grid_goes_on_to_the_west_and_north_by_whole_pixels() {
        let first = grid(100, 80, (500_000.0, 5_600_000.0));
        let other = Extent {
            cols: (-7, 20),
            rows: (-3, 90),
            is_same_pixels: true,
        };

        let (all, start) = union(&first, &[Extent::of(&first), other]).expect("a union");

        assert_eq!(start, (-7, -3));
        assert_eq!((all.width, all.height), (107, 93));
        assert_eq!(all.transform.to_world(7.0, 3.0), (500_000.0, 5_600_000.0));
        let placed = other.within(start).window;
        assert_eq!((placed.col, placed.row), (0, 0));
        assert_eq!((placed.width, placed.height), (27, 93));
    }

    #[test]
    fn scenes_a_world_apart_are_refused() {
        let first = grid(100, 80, (500_000.0, 5_600_000.0));
        let far = Extent {
            cols: (5_000_000, 5_000_005),
            rows: (0, 5),
            is_same_pixels: false,
        };

        let refused = union(&first, &[Extent::of(&first), far]);

        assert!(matches!(refused, Err(NdviError::TooLarge { .. })));
    }

    #[test]
    fn runs_that_touch_become_one() {
        assert_eq!(joined(vec![5..8, 0..2, 2..4, 6..7]), [0..4, 5..8]);
    }
}
