//! How much of every pixel lies inside an outline: exactly, by area.
//!
//! ```text
//!        edge ─┐        a row of pixels; the outline lies right of the edge
//!    ┌────┬────┼┬────┬────┐
//!    │    │   ╱▒│▒▒▒▒│▒▒▒▒│   cut pixel: its own share of area
//!    └────┴──┴──┴────┴────┘   all pixels right of it: the height the edge takes in the row
//!      0   0.1  0.7   1    1
//! ```
//!
//! Each edge leaves two numbers in every pixel it crosses: the height it takes there, which all
//! pixels to the right inherit, and the area right of it within the pixel. A sum along the row
//! then gives each share. Only cut pixels and runs of equal share are kept, so an outline costs
//! memory by its length, not by its area.
//!
//! # Source
//! The result is that of exactextract (Baston, <https://github.com/isciences/exactextract>); the
//! way there is the signed-area scan conversion of font rasterizers (Levien 2016,
//! <https://medium.com/@raphlinus/inside-the-fastest-font-renderer-in-the-world-75ae5270c445>).

mod edges;
mod existing;
mod shares;

use crate::{
    grid::Window,
    outline::{GridOutline, OutlineError},
};
pub use shares::ShareSum;

/// Shares nearer to 0 or 1 than this are 0 or 1: what rounding leaves where an edge runs along
/// pixel borders, far below any share that a measurement can tell.
const NOISE: f64 = 1e-11;
/// Most rows from an outline's first to its last: each takes memory, also where the rows between two
/// of its polygons are empty. At 10 m they reach from pole to pole.
const MAX_ROWS: u32 = 1 << 21;
/// How far a share may leave 0 to 1 before the outline is held to cross itself; edges that nearly
/// coincide may swap sides by the tolerance of densification.
const FOLD: f64 = 0.02;

/// Neighbouring pixels of one row with the same share inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// First column.
    pub col: u32,
    /// Number of columns.
    pub len: u32,
    /// Share of each pixel inside the outline, above 0 and at most 1.
    pub share: f64,
}

impl Span {
    /// Column past the last one.
    pub fn col_end(&self) -> u32 {
        self.col + self.len
    }

    /// Whether the outline does not cut these pixels.
    pub fn is_whole(&self) -> bool {
        self.share >= 1.0
    }
}

/// The pixels of a grid that lie inside an outline, each with its share.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    first_row: u32,
    /// Where each row's spans start in `spans`, and a last entry where they end.
    row_starts: Vec<usize>,
    spans: Vec<Span>,
    window: Option<Window>,
    touched_pixels: u64,
    covered_pixels: f64,
    cut_pixels: f64,
    covered_area_m2: f64,
    outline_area_m2: f64,
}

impl Coverage {
    /// Shares of the pixels of the outline's grid.
    ///
    /// Parts outside the grid are left out; an outline that lies outside altogether covers nothing.
    ///
    /// # Errors
    /// [`OutlineError::CrossesItself`] where inside and outside are not defined,
    /// [`OutlineError::TooIntricate`] where the outline cuts millions of pixels,
    /// [`OutlineError::TooHigh`] where it reaches over millions of rows.
    pub fn of(outline: &GridOutline) -> Result<Self, OutlineError> {
        let Some(window) = outline.window() else {
            return Ok(Self::build(outline, 0, Vec::new(), vec![0]));
        };
        if window.height > MAX_ROWS {
            return Err(OutlineError::TooHigh {
                found: window.height,
                allowed: MAX_ROWS,
            });
        }
        let crossings = edges::crossings(outline.rings(), window)?;

        let mut spans = Spans::default();
        let mut row_starts = vec![0];
        let mut rest = crossings.as_slice();
        for row in 0..window.height {
            let (of_row, below) =
                rest.split_at(rest.partition_point(|crossing| crossing.row <= row));
            rest = below;
            spans
                .add_row(of_row, window)
                .map_err(|col| OutlineError::CrossesItself {
                    col,
                    row: window.row + row,
                })?;
            row_starts.push(spans.all.len());
        }
        Ok(Self::build(outline, window.row, spans.all, row_starts))
    }

    fn build(
        outline: &GridOutline,
        first_row: u32,
        spans: Vec<Span>,
        row_starts: Vec<usize>,
    ) -> Self {
        let mut coverage = Self {
            first_row,
            row_starts,
            spans,
            window: None,
            touched_pixels: 0,
            covered_pixels: 0.0,
            cut_pixels: 0.0,
            covered_area_m2: 0.0,
            outline_area_m2: outline.area_m2(),
        };
        let (mut covered, mut cut) = (ShareSum::default(), ShareSum::default());
        coverage.touched_pixels = coverage.spans.iter().map(|span| u64::from(span.len)).sum();
        for row in coverage.rows() {
            let mut of_row = ShareSum::default();
            for span in coverage.row(row) {
                of_row.add(span.share, span.len.into());
                if !span.is_whole() {
                    cut.add(span.share, span.len.into());
                }
            }
            coverage.covered_area_m2 += of_row.pixels() * outline.areas().of_row(row);
            covered.join(of_row);
        }
        coverage.covered_pixels = covered.pixels();
        coverage.cut_pixels = cut.pixels();
        coverage.window = coverage.bounds();
        coverage
    }

    /// The smallest window that holds every span.
    fn bounds(&self) -> Option<Window> {
        let mut rows = self.rows().filter(|&row| !self.row(row).is_empty());
        let first = rows.next()?;
        let last = rows.next_back().unwrap_or(first);
        let col = self.spans.iter().map(|span| span.col).min()?;
        let col_end = self.spans.iter().map(Span::col_end).max()?;
        Some(Window {
            col,
            row: first,
            width: col_end - col,
            height: last - first + 1,
        })
    }

    /// Sum of all shares.
    pub fn covered_pixels(&self) -> f64 {
        self.covered_pixels
    }

    /// Sum of the shares of pixels that the outline cuts.
    pub fn cut_pixels(&self) -> f64 {
        self.cut_pixels
    }

    /// Square metres inside the outline and the grid.
    pub fn covered_area_m2(&self) -> f64 {
        self.covered_area_m2
    }

    /// Square metres inside the outline, also outside the grid.
    pub fn outline_area_m2(&self) -> f64 {
        self.outline_area_m2
    }

    /// Whether no pixel lies inside.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The rows that may hold spans.
    pub fn rows(&self) -> std::ops::Range<u32> {
        let rows = u32::try_from(self.row_starts.len() - 1).expect("a grid has at most 2^32 rows");
        self.first_row..self.first_row + rows
    }

    /// Spans of a row of the grid, from left to right, apart from each other.
    pub fn row(&self, row: u32) -> &[Span] {
        if !self.rows().contains(&row) {
            return &[];
        }
        let index = (row - self.first_row) as usize;
        &self.spans[self.row_starts[index]..self.row_starts[index + 1]]
    }

    /// The smallest window that holds every span; None where nothing is covered.
    pub fn window(&self) -> Option<Window> {
        self.window
    }

    /// Number of pixels of which any share lies inside.
    pub fn touched_pixels(&self) -> u64 {
        self.touched_pixels
    }

    /// Number of pixels that lie inside as a whole.
    pub fn whole_pixels(&self) -> u64 {
        let whole = self.spans.iter().filter(|span| span.is_whole());
        whole.map(|span| u64::from(span.len)).sum()
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        size_of_val(self.spans.as_slice()) + size_of_val(self.row_starts.as_slice())
    }

    /// The spans inside a window, cut to it, with their rows; from top to bottom, left to right.
    pub fn spans_within(&self, window: Window) -> impl Iterator<Item = (u32, Span)> {
        let rows = self.rows();
        let rows = rows.start.max(window.row)..rows.end.min(window.row_end());
        rows.flat_map(move |row| {
            let spans = self.row(row);
            let first = spans.partition_point(|span| span.col_end() <= window.col);
            spans[first..]
                .iter()
                .take_while(move |span| span.col < window.col_end())
                .map(move |span| {
                    let col = span.col.max(window.col);
                    let len = span.col_end().min(window.col_end()) - col;
                    let share = span.share;
                    (row, Span { col, len, share })
                })
        })
    }

    /// Sets the values of a window to NaN where no part of the pixel is inside.
    ///
    /// # Panics
    /// When there are not as many values as the window has pixels.
    pub fn clip(&self, window: Window, values: &mut [f32]) {
        let width = window.width as usize;
        assert_eq!(
            values.len() as u64,
            window.pixel_count(),
            "one value a pixel"
        );
        let mut from = 0;
        for (row, span) in self.spans_within(window) {
            let start = (row - window.row) as usize * width + (span.col - window.col) as usize;
            values[from..start].fill(f32::NAN);
            from = start + span.len as usize;
        }
        values[from..].fill(f32::NAN);
    }

    /// Shares of all pixels of a window, row by row.
    pub fn shares(&self, window: Window) -> Vec<f64> {
        let width = window.width as usize;
        let mut shares = vec![0.0; width * window.height as usize];
        for (row, span) in self.spans_within(window) {
            let start = (row - window.row) as usize * width + (span.col - window.col) as usize;
            shares[start..start + span.len as usize].fill(span.share);
        }
        shares
    }
}

/// Spans under construction.
#[derive(Default)]
struct Spans {
    all: Vec<Span>,
}

impl Spans {
    /// Sums the crossings of a row from left to right. Err: the column of a pixel whose share is
    /// below 0 or above 1.
    fn add_row(&mut self, crossings: &[edges::Crossing], window: Window) -> Result<(), u32> {
        let row_start = self.all.len();
        // Height, of the row's 1, that lies inside right of everything seen so far.
        let mut height = 0.0;
        let mut next_col = 0;
        for of_pixel in crossings.chunk_by(|a, b| a.col == b.col) {
            let col = of_pixel[0].col;
            self.push(row_start, window.col, next_col..col, height)?;
            let area: f64 = of_pixel.iter().map(|crossing| crossing.area).sum();
            self.push(row_start, window.col, col..col + 1, height + area)?;
            height += of_pixel.iter().map(|crossing| crossing.height).sum::<f64>();
            next_col = col + 1;
        }
        self.push(row_start, window.col, next_col..window.width, height)
    }

    fn push(
        &mut self,
        row_start: usize,
        first_col: u32,
        cols: std::ops::Range<u32>,
        raw: f64,
    ) -> Result<(), u32> {
        let col = first_col + cols.start;
        if cols.is_empty() || raw.abs() < NOISE {
            return Ok(());
        }
        if !(-FOLD..=1.0 + FOLD).contains(&raw) {
            return Err(col);
        }
        let share = if raw > 1.0 - NOISE { 1.0 } else { raw };
        if share <= 0.0 {
            return Ok(());
        }
        let len = cols.end - cols.start;
        let continues =
            |last: &&mut Span| last.col_end() == col && last.share.to_bits() == share.to_bits();
        match self.all[row_start..].last_mut().filter(continues) {
            Some(last) => last.len += len,
            None => self.all.push(Span { col, len, share }),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
