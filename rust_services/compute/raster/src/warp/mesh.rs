//! Places of a tile's pixels, exact at the nodes of a mesh and interpolated between them, as GDAL's
//! approximating transformer does.

use std::ops::Range;

/// Pixels between the nodes of the first mesh; halved until the mesh is near enough.
const FIRST_STEP: u32 = 32;

/// How far a place in the middle of a cell or of its sides may lie from the exact one: so many pixels
/// of the raster, or of the tile where these are larger. Elsewhere in a cell, the error stays below
/// twice that, an eighth: the places bend about evenly over a cell, and most in its middle.
const TOLERANCE: f64 = 1.0 / 16.0;

type Place = (f64, f64);

const NOWHERE: Place = (f64::NAN, f64::NAN);

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Mesh {
    /// Columns of the tile with nodes, ascending.
    cols: Vec<u32>,
    /// Rows of the tile with nodes, ascending.
    rows: Vec<u32>,
    /// Places of the nodes, row by row; NaN where there is none.
    nodes: Vec<Place>,
}

impl Mesh {
    /// A mesh over some pixels of a tile. `exact` gives the place of a point of the tile, whose
    /// pixels have their middles at halves.
    pub(super) fn new(
        cols: Range<u32>,
        rows: Range<u32>,
        exact: &impl Fn(f64, f64) -> Option<Place>,
    ) -> Self {
        let mut step = FIRST_STEP;
        loop {
            let mesh = Self::with_step(step, &cols, &rows, exact);
            if step == 1 || mesh.is_near(exact) {
                return mesh;
            }
            step /= 2;
        }
    }

    fn with_step(
        step: u32,
        cols: &Range<u32>,
        rows: &Range<u32>,
        exact: &impl Fn(f64, f64) -> Option<Place>,
    ) -> Self {
        let nodes_of = |pixels: &Range<u32>| -> Vec<u32> {
            let last = pixels.end - 1;
            let inner = (pixels.start..last).step_by(step as usize);
            inner.chain([last]).collect()
        };
        let (cols, rows) = (nodes_of(cols), nodes_of(rows));
        let nodes = rows.iter().flat_map(|&row| {
            cols.iter().map(move |&col| {
                exact(f64::from(col) + 0.5, f64::from(row) + 0.5).unwrap_or(NOWHERE)
            })
        });
        Self {
            nodes: nodes.collect(),
            cols,
            rows,
        }
    }

    /// Whether the middles of all cells and of their sides lie near the exact places.
    fn is_near(&self, exact: &impl Fn(f64, f64) -> Option<Place>) -> bool {
        let Some((per_col, per_row)) = self.pixels_per_step() else {
            return false;
        };
        let (allowed_col, allowed_row) =
            (TOLERANCE * per_col.max(1.0), TOLERANCE * per_row.max(1.0));
        let near = |place: Place, col: f64, row: f64| match exact(col + 0.5, row + 0.5) {
            Some(exact) => {
                (place.0 - exact.0).abs() <= allowed_col && (place.1 - exact.1).abs() <= allowed_row
            }
            None => place.0.is_nan(),
        };
        self.cells().all(|(cell, [cols, rows])| {
            let (left, right) = (f64::from(cols.start), f64::from(cols.end));
            let (top, bottom) = (f64::from(rows.start), f64::from(rows.end));
            let (col, row) = (left.midpoint(right), top.midpoint(bottom));
            [
                (0.5, 0.5, col, row),
                (0.5, 0.0, col, top),
                (0.0, 0.5, left, row),
                (0.5, 1.0, col, bottom),
                (1.0, 0.5, right, row),
            ]
            .into_iter()
            .all(|(across, down, col, row)| near(within(&cell, across, down), col, row))
        })
    }

    /// Corners of each cell (upper left, upper right, lower left, lower right) and the columns and
    /// rows from its first to its last nodes.
    fn cells(&self) -> impl Iterator<Item = ([Place; 4], [Range<u32>; 2])> {
        let width = self.cols.len();
        let lines = self.rows.windows(2).zip(0..);
        lines.flat_map(move |(rows, line)| {
            self.cols.windows(2).zip(0..).map(move |(cols, place)| {
                let at: usize = line * width + place;
                let (above, below) = (&self.nodes[at..], &self.nodes[at + width..]);
                let corners = [above[0], above[1], below[0], below[1]];
                (corners, [cols[0]..cols[1], rows[0]..rows[1]])
            })
        })
    }

    /// Columns and rows of the raster that one pixel of the tile moves by, on average; None where no
    /// two neighbouring nodes have a place.
    pub(super) fn pixels_per_step(&self) -> Option<(f64, f64)> {
        let (mut across, mut down) = (Steps::default(), Steps::default());
        for (corners, [cols, rows]) in self.cells() {
            across.add(corners[0], corners[1], cols.end - cols.start);
            down.add(corners[0], corners[2], rows.end - rows.start);
        }
        let (across, down) = (across.mean()?, down.mean()?);
        Some((across.0.hypot(down.0), across.1.hypot(down.1)))
    }

    /// Smallest and largest column and row of the raster.
    pub(super) fn extent(&self) -> Option<(Place, Place)> {
        let known = self.nodes.iter().filter(|place| !place.0.is_nan());
        let around = |extent: Option<(Place, Place)>, &(col, row): &Place| {
            let (least, most) = extent.unwrap_or(((col, row), (col, row)));
            Some((
                (least.0.min(col), least.1.min(row)),
                (most.0.max(col), most.1.max(row)),
            ))
        };
        known.fold(None, around)
    }

    /// Calls with the column and row of each of the tile's pixels and with its place.
    pub(super) fn each(&self, mut call: impl FnMut(u32, u32, f64, f64)) {
        let width = self.cols.len();
        let last_row = self.rows.len() - 2;
        for (line, rows) in self.rows.windows(2).enumerate() {
            let past = u32::from(line == last_row);
            for row in rows[0]..rows[1] + past {
                let down = f64::from(row - rows[0]) / f64::from(rows[1] - rows[0]);
                let above = &self.nodes[line * width..][..width];
                let below = &self.nodes[(line + 1) * width..][..width];
                let on_row = |place: usize| between(above[place], below[place], down);
                let mut from = on_row(0);
                for (place, cols) in self.cols.windows(2).enumerate() {
                    let to = on_row(place + 1);
                    let past = u32::from(place + 2 == width);
                    for col in cols[0]..cols[1] + past {
                        let across = f64::from(col - cols[0]) / f64::from(cols[1] - cols[0]);
                        let (x, y) = between(from, to, across);
                        call(col, row, x, y);
                    }
                    from = to;
                }
            }
        }
    }
}

/// How far neighbouring nodes lie apart, summed up.
#[derive(Default)]
struct Steps {
    moved: Place,
    pixels: f64,
}

impl Steps {
    fn add(&mut self, from: Place, to: Place, pixels: u32) {
        let moved = (to.0 - from.0, to.1 - from.1);
        if moved.0.is_finite() && moved.1.is_finite() {
            self.moved.0 += moved.0.abs();
            self.moved.1 += moved.1.abs();
            self.pixels += f64::from(pixels);
        }
    }

    fn mean(&self) -> Option<Place> {
        (self.pixels > 0.0).then(|| (self.moved.0 / self.pixels, self.moved.1 / self.pixels))
    }
}

/// The place a share of the way between two others; the ends are met exactly.
fn between(from: Place, to: Place, share: f64) -> Place {
    (
        from.0 * (1.0 - share) + to.0 * share,
        from.1 * (1.0 - share) + to.1 * share,
    )
}

/// The place within a cell, at shares of its sides.
fn within(
    &[upper_left, upper_right, lower_left, lower_right]: &[Place; 4],
    across: f64,
    down: f64,
) -> Place {
    between(
        between(upper_left, upper_right, across),
        between(lower_left, lower_right, across),
        down,
    )
}
