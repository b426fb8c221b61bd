//! What edges leave in the pixels they cross.

use crate::{
    area::signed_area,
    grid::Window,
    outline::{OutlineError, Ring},
};

/// Most pixels that the edges of one outline may cross, all together: four million are the
/// circumference of ten thousand large fields, and take 96 MB.
const MAX_CROSSINGS: usize = 4_000_000;

/// An edge in a pixel of a window. Signed: positive where the inside is right of the edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Crossing {
    pub(super) row: u32,
    pub(super) col: u32,
    /// Height the edge takes in the pixel: the share of every pixel right of it in the row.
    pub(super) height: f64,
    /// Area of the pixel right of the edge, over that height.
    pub(super) area: f64,
}

/// The crossings of all rings with the pixels of a window, in order of row and column.
///
/// What lies left of the window counts into its first column, since pixels right of an edge inherit
/// from it; what lies above, below or right of the window counts nowhere.
pub(super) fn crossings(rings: &[Ring], window: Window) -> Result<Vec<Crossing>, OutlineError> {
    let mut scan = Scan {
        width: f64::from(window.width),
        height: f64::from(window.height),
        crossings: Vec::new(),
    };
    let (left, top) = (f64::from(window.col), f64::from(window.row));
    for ring in rings {
        // An outer ring counts positive and a hole negative, whichever way they were drawn.
        let runs_clockwise = signed_area(&ring.points) > 0.0;
        let sign = if runs_clockwise == ring.is_hole {
            1.0
        } else {
            -1.0
        };
        for edge in ring.points.windows(2) {
            let ((x0, y0), (x1, y1)) = (edge[0], edge[1]);
            let (from, to) = ((x0 - left, y0 - top), (x1 - left, y1 - top));
            if y0 < y1 {
                scan.edge(from, to, sign)?;
            } else if y1 < y0 {
                scan.edge(to, from, -sign)?;
            }
        }
    }
    Ok(in_order(&scan.crossings, window.height))
}

/// Crossings by row, and by column within each row: into the rows by counting, since a row has few.
fn in_order(crossings: &[Crossing], rows: u32) -> Vec<Crossing> {
    let Some(&any) = crossings.first() else {
        return Vec::new();
    };
    let mut ends = vec![0; rows as usize + 1];
    for crossing in crossings {
        ends[crossing.row as usize + 1] += 1;
    }
    for row in 1..ends.len() {
        ends[row] += ends[row - 1];
    }
    let starts = ends.clone();
    let mut ordered = vec![any; crossings.len()];
    for crossing in crossings {
        let next: &mut usize = &mut ends[crossing.row as usize];
        ordered[*next] = *crossing;
        *next += 1;
    }
    for row in starts.windows(2) {
        ordered[row[0]..row[1]].sort_by_key(|crossing| crossing.col);
    }
    ordered
}

struct Scan {
    width: f64,
    height: f64,
    crossings: Vec<Crossing>,
}

impl Scan {
    /// An edge that runs down, row by row.
    fn edge(
        &mut self,
        (x0, y0): (f64, f64),
        (x1, y1): (f64, f64),
        sign: f64,
    ) -> Result<(), OutlineError> {
        let (left, right) = (x0.min(x1), x0.max(x1));
        if left >= self.width || y1 <= 0.0 || y0 >= self.height {
            return Ok(());
        }
        // Both rows that share a border compute the same x there, so no gap opens between them.
        let x_at = |y: f64| {
            if y <= y0 {
                x0
            } else if y >= y1 {
                x1
            } else {
                (x0 + (x1 - x0) * ((y - y0) / (y1 - y0))).clamp(left, right)
            }
        };
        let mut row = y0.max(0.0).floor();
        let end = y1.min(self.height);
        while row < end {
            let (top, bottom) = (y0.max(row), y1.min(row + 1.0));
            self.piece(row, (x_at(top), x_at(bottom)), bottom - top, sign)?;
            row += 1.0;
        }
        Ok(())
    }

    /// The piece of an edge in one row, pixel by pixel from left to right.
    fn piece(
        &mut self,
        row: f64,
        (x0, x1): (f64, f64),
        height: f64,
        sign: f64,
    ) -> Result<(), OutlineError> {
        let (left, right) = (x0.min(x1), x0.max(x1));
        let height = height * sign;
        if right <= 0.0 {
            // Left of the window: every pixel of the row is right of it.
            return self.push(row, 0.0, height, height);
        }
        if left >= self.width {
            return Ok(());
        }
        let col = left.floor();
        if col + 1.0 >= right {
            let middle = left.midpoint(right) - col;
            return self.push(row, col, height, height * (1.0 - middle));
        }
        let per_pixel = height / (right - left);
        let mut start = left;
        if left < 0.0 {
            let outside = -left * per_pixel;
            self.push(row, 0.0, outside, outside)?;
            start = 0.0;
        }
        let mut col = start.floor();
        let end = right.min(self.width);
        while col < end {
            let stop = right.min(col + 1.0);
            let height = (stop - start) * per_pixel;
            let middle = start.midpoint(stop) - col;
            self.push(row, col, height, height * (1.0 - middle))?;
            start = stop;
            col += 1.0;
        }
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the window
    fn push(&mut self, row: f64, col: f64, height: f64, area: f64) -> Result<(), OutlineError> {
        if self.crossings.len() == MAX_CROSSINGS {
            return Err(OutlineError::TooIntricate {
                allowed: MAX_CROSSINGS,
            });
        }
        self.crossings.push(Crossing {
            row: row as u32,
            col: col as u32,
            height,
            area,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_along_one_row_crosses_no_more_than_is_allowed() {
        let mut scan = Scan {
            width: 20_000_000.0,
            height: 1.0,
            crossings: Vec::new(),
        };

        let refused = scan.edge((0.0, 0.25), (20_000_000.0, 0.75), 1.0);

        assert!(matches!(refused, Err(OutlineError::TooIntricate { .. })));
        assert_eq!(scan.crossings.len(), MAX_CROSSINGS);
    }
}
