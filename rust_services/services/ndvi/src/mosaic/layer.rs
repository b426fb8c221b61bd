//! A scene in a mosaic: which of its pixels lie at which of the mosaic's.

use std::collections::BTreeMap;
use std::ops::Range;

use furrow_raster::grid::Window;
use furrow_service_kit::CpuScope;
use rayon::prelude::*;

use super::Mosaic;
use super::extent::Placed;
use super::merge::Unfinished;
use crate::request::IndexSpec;
use crate::stack::Stack;

/// A centre that falls on a pixel's border, up to rounding, belongs to the pixel after it; in pixels.
const ROUNDING: f64 = 1e-6;

/// Pixels of a row that are told together to lie inside or outside a scene.
const PIXELS_PER_RUN: u32 = 64;

/// The indices that one scene computes on one of its grids.
#[derive(Debug)]
pub(super) struct Layer {
    /// Place of the scene in the request.
    pub(super) scene: u8,
    pub(super) stack: Stack,
    /// For each index of the stack, its place among the mosaic's.
    pub(super) indices: Vec<usize>,
    place: Placed,
}

/// A part of a layer that is read at once.
#[derive(Debug)]
pub(super) struct Piece {
    /// The pixels that are read, on the layer's grid.
    pub(super) window: Window,
    pub(super) cells: Cells,
}

/// Where the pixels of a piece go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// All of them, to the window of the mosaic of the same size that starts here.
    Shifted { col: u32, row: u32 },
    /// Some of them.
    Listed(Vec<Cell>),
}

/// A pixel of a layer that is looked up for one of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Place of the pixel in the block, row by row.
    pub(super) place: u32,
    /// Column of the layer.
    pub(super) col: u32,
    /// Row of the layer.
    pub(super) row: u32,
}

impl Layer {
    /// The first scene, whose first pixel is so far inside the mosaic.
    pub(super) fn first(stack: Stack, start: (i64, i64)) -> Self {
        let place = super::Extent::of(&stack.grid).within(start);
        Self {
            scene: 0,
            indices: (0..stack.indices.len()).collect(),
            place,
            stack,
        }
    }

    pub(super) fn further(scene: u8, stack: Stack, all: &[IndexSpec], place: Placed) -> Self {
        let place_of = |index: &IndexSpec| all.iter().position(|other| other.name == index.name);
        Self {
            scene,
            indices: stack.indices.iter().filter_map(place_of).collect(),
            place,
            stack,
        }
    }

    /// Pieces of a layer whose pixels are the mosaic's, for all pixels of a block.
    pub(super) fn all_pieces(&self, block: Window) -> Vec<Piece> {
        self.shifted_pieces(block, Some)
    }

    /// Pieces for the pixels of a block that are missing, the last one to be read first.
    pub(super) fn missing_pieces(&self, mosaic: &Mosaic, unfinished: &Unfinished) -> Vec<Piece> {
        if self.place.is_same_pixels {
            self.shifted_pieces(unfinished.window, |window| {
                unfinished.part_missing(&self.indices, window)
            })
        } else {
            self.listed_pieces(mosaic, unfinished)
        }
    }

    /// Cuts what a block and this layer share at the layer's own lattice. `part` gives the part of a
    /// window of the mosaic that is wanted.
    fn shifted_pieces(&self, block: Window, part: impl Fn(Window) -> Option<Window>) -> Vec<Piece> {
        let Some(shared) = block.intersection(&self.place.window) else {
            return Vec::new();
        };
        let (col, row) = (self.place.window.col, self.place.window.row);
        let to_layer = |window: Window| Window {
            col: window.col - col,
            row: window.row - row,
            ..window
        };
        let to_mosaic = |window: Window| Window {
            col: window.col + col,
            row: window.row + row,
            ..window
        };
        let windows = self.stack.lattice.within(to_layer(shared));
        let wanted = windows
            .into_iter()
            .filter_map(|window| part(to_mosaic(window)));
        let pieces = wanted.map(|window| Piece {
            window: to_layer(window),
            cells: Cells::Shifted {
                col: window.col,
                row: window.row,
            },
        });
        // The last one is read first.
        pieces.rev().collect()
    }

    /// Looks every missing pixel up at its centre.
    fn listed_pieces(&self, mosaic: &Mosaic, unfinished: &Unfinished) -> Vec<Piece> {
        let block = unfinished.window;
        let shared = block.intersection(&self.place.window);
        let Some(missing) =
            shared.and_then(|shared| unfinished.part_missing(&self.indices, shared))
        else {
            return Vec::new();
        };
        let row_of_cells = |row: u32| -> Vec<Cell> {
            let start = (row - block.row) * block.width;
            let places = (missing.col..missing.col_end())
                .map(|col| (col, start + (col - block.col)))
                .filter(|(_, place)| unfinished.is_missing(&self.indices, *place as usize));
            let (cols, places): (Vec<u32>, Vec<u32>) = places.unzip();
            let cells = self.locate(mosaic, row, &cols).into_iter().zip(places);
            let cells = cells.filter_map(|(found, place)| {
                let (col, row) = found?;
                Some(Cell { place, col, row })
            });
            cells.collect()
        };
        let cpu = CpuScope::current();
        let rows = (missing.row..missing.row_end()).into_par_iter();
        let found: Vec<Vec<Cell>> = rows.map(|row| cpu.run(|| row_of_cells(row))).collect();

        let mut by_block: BTreeMap<u64, Vec<Cell>> = BTreeMap::new();
        for cell in found.into_iter().flatten() {
            let pixel = Window {
                col: cell.col,
                row: cell.row,
                width: 1,
                height: 1,
            };
            let number = self.stack.lattice.touched(pixel).next().unwrap_or(0);
            by_block.entry(number).or_default().push(cell);
        }
        let pieces = by_block.into_values().rev().filter_map(|cells| {
            Some(Piece {
                window: window_of(&cells)?,
                cells: Cells::Listed(cells),
            })
        });
        pieces.collect()
    }

    /// The pixel of this layer that holds the centre of each pixel of a row of the mosaic.
    fn locate(&self, mosaic: &Mosaic, row: u32, cols: &[u32]) -> Vec<Option<(u32, u32)>> {
        let grid = &self.stack.grid;
        let places = self.places(mosaic, row, cols).into_iter();
        places
            .map(|place| {
                let (col, row) = place?;
                Some((holder(col, grid.width)?, holder(row, grid.height)?))
            })
            .collect()
    }

    /// Fractional column and row of this layer at the centres of pixels of a row of the mosaic; None
    /// where the reference systems do not reach.
    fn places(&self, mosaic: &Mosaic, row: u32, cols: &[u32]) -> Vec<Option<(f64, f64)>> {
        let centre = |col: &u32| {
            let (col, row) = (f64::from(*col) + 0.5, f64::from(row) + 0.5);
            mosaic.grid.transform.to_world(col, row)
        };
        let onto = &self.stack.grid.transform;
        if self.stack.grid.epsg == mosaic.grid.epsg {
            let points = cols.iter().map(centre);
            return points.map(|(x, y)| Some(onto.to_pixel(x, y))).collect();
        }
        let carried = |points: &mut [(f64, f64)]| {
            mosaic.crs.unproject(points)?;
            self.stack.crs.project(points)
        };
        let mut points: Vec<(f64, f64)> = cols.iter().map(centre).collect();
        if carried(&mut points).is_ok() {
            return points
                .into_iter()
                .map(|(x, y)| Some(onto.to_pixel(x, y)))
                .collect();
        }
        // Some of them lie beyond the reach of a reference system.
        let one_by_one = cols.iter().map(|col| {
            let mut point = [centre(col)];
            carried(&mut point).ok()?;
            Some(onto.to_pixel(point[0].0, point[0].1))
        });
        one_by_one.collect()
    }

    /// Adds the runs of columns of a row of the mosaic whose centres lie in this layer.
    pub(super) fn covered(
        &self,
        mosaic: &Mosaic,
        row: u32,
        cols: Range<u32>,
        runs: &mut Vec<Range<u32>>,
    ) {
        let of = &self.place.window;
        let cols = cols.start.max(of.col)..cols.end.min(of.col_end());
        if cols.is_empty() || !(of.row..of.row_end()).contains(&row) {
            return;
        }
        if self.place.is_same_pixels {
            runs.push(cols);
            return;
        }
        let mut start = cols.start;
        while start < cols.end {
            let end = cols.end.min(start.saturating_add(PIXELS_PER_RUN));
            self.covered_run(mosaic, row, start..end, runs);
            start = end;
        }
    }

    /// Tells a few pixels by the outer two where these lie clearly on one side of the layer's edge.
    fn covered_run(&self, mosaic: &Mosaic, row: u32, cols: Range<u32>, runs: &mut Vec<Range<u32>>) {
        let ends = self.places(mosaic, row, &[cols.start, cols.end - 1]);
        if let [Some(first), Some(last)] = ends[..] {
            let length = (last.0 - first.0).abs().max((last.1 - first.1).abs());
            // Over so few pixels a line bends by far less than one of either grid.
            let margin = 1.0 + length / f64::from(cols.end - cols.start);
            let grid = &self.stack.grid;
            let (width, height) = (f64::from(grid.width), f64::from(grid.height));
            let sides = |(col, row): (f64, f64)| [col, width - col, row, height - row];
            let (of_first, of_last) = (sides(first), sides(last));
            let both = of_first.iter().zip(&of_last);
            if both.clone().all(|(a, b)| a.min(*b) > margin) {
                runs.push(cols);
                return;
            }
            if both.clone().any(|(a, b)| a.max(*b) < -margin) {
                return;
            }
        }
        let all: Vec<u32> = cols.collect();
        let found = self.locate(mosaic, row, &all);
        let inside = all.into_iter().zip(found);
        let inside = inside.filter_map(|(col, found)| found.map(|_| col..col + 1));
        runs.extend(inside);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "inside the grid"
)]
fn holder(place: f64, size: u32) -> Option<u32> {
    let pixel = (place + ROUNDING).floor();
    (pixel >= 0.0 && pixel < f64::from(size)).then_some(pixel as u32)
}

/// The smallest window that holds all cells.
fn window_of(cells: &[Cell]) -> Option<Window> {
    let (col, row) = (
        cells.iter().map(|cell| cell.col).min()?,
        cells.iter().map(|cell| cell.row).min()?,
    );
    let last_col = cells.iter().map(|cell| cell.col).max()?;
    let last_row = cells.iter().map(|cell| cell.row).max()?;
    Some(Window {
        col,
        row,
        width: last_col - col + 1,
        height: last_row - row + 1,
    })
}
