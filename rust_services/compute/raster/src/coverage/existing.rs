//! Outlines over grids of which not every pixel exists.

use std::ops::Range;

use super::{Coverage, Span};
use crate::outline::GridOutline;

impl Coverage {
    /// What is left of the coverage of an outline where only some pixels of the grid exist.
    ///
    /// `runs` gives, for a row and a range of its columns, the runs of columns in it that exist:
    /// ascending and apart from each other.
    #[must_use]
    pub fn existing(
        &self,
        outline: &GridOutline,
        mut runs: impl FnMut(u32, Range<u32>) -> Vec<Range<u32>>,
    ) -> Self {
        let mut spans = Vec::with_capacity(self.spans.len());
        let mut row_starts = vec![0];
        for row in self.rows() {
            let of_row = self.row(row);
            let ends = of_row.first().zip(of_row.last());
            let existing = ends.map_or_else(Vec::new, |(first, last)| {
                runs(row, first.col..last.col_end())
            });
            for span in of_row {
                let from = existing.partition_point(|run| run.end <= span.col);
                let touching = existing[from..].iter();
                for run in touching.take_while(|run| run.start < span.col_end()) {
                    let col = span.col.max(run.start);
                    let len = span.col_end().min(run.end) - col;
                    let share = span.share;
                    spans.push(Span { col, len, share });
                }
            }
            row_starts.push(spans.len());
        }
        Self::build(outline, self.first_row, spans, row_starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area::PixelAreas;
    use crate::grid::{GeoTransform, Grid};

    #[test]
    fn only_pixels_that_exist_are_covered() {
        let grid = Grid {
            width: 10,
            height: 4,
            transform: GeoTransform {
                origin_x: 500_000.0,
                origin_y: 5_600_000.0,
                pixel_width: 10.0,
                pixel_height: 10.0,
            },
            epsg: 32631,
        };
        let crs = crate::crs::Crs::from_epsg(32631).expect("a listed system");
        let corners = [(0.5, 1.0), (9.0, 1.0), (9.0, 3.0), (0.5, 3.0), (0.5, 1.0)];
        let polygon = vec![vec![corners.to_vec()]];
        let areas = PixelAreas::of(&crs, &grid);
        let outline = GridOutline::from_pixels(&polygon, &grid, areas).expect("an outline");
        let all = Coverage::of(&outline).expect("a coverage");

        // Columns 4 and 5 exist nowhere, and of the lower row only the first four.
        let left = all.existing(&outline, |row, _| match row {
            1 => vec![0..4, 6..10],
            _ => vec![0..4, 8..8],
        });

        assert!((all.covered_pixels() - 17.0).abs() < 1e-12);
        assert!((left.covered_pixels() - (3.5 + 3.0 + 3.5)).abs() < 1e-12);
        assert!((left.covered_area_m2() - 1000.0).abs() < 1e-6);
        assert!((left.cut_pixels() - 1.0).abs() < 1e-12);
        assert!((left.outline_area_m2() - all.outline_area_m2()).abs() < 1e-9);
        assert_eq!(left.touched_pixels(), 4 + 3 + 4);
    }
}
