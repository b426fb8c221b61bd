//! Smaller pictures of a raster: averages over the full-resolution values, never averages of
//! averages, so a value counts the same however much data is missing around it.

/// Width and height of a raster and of its overviews, each half of the one before, rounded up,
/// until one tile holds the last.
pub fn level_sizes(width: u32, height: u32, tile_size: u32) -> Vec<(u32, u32)> {
    let mut sizes = vec![(width, height)];
    let (mut width, mut height) = (width, height);
    while width > tile_size || height > tile_size {
        (width, height) = (width.div_ceil(2), height.div_ceil(2));
        sizes.push((width, height));
    }
    sizes
}

/// Averages over squares of `factor` pixels, each the mean of those that have a value; NaN where
/// none has. Squares at the right and lower border may hold fewer.
///
/// Returns the values with their width and height.
pub fn reduce(values: &[f32], width: usize, factor: usize) -> (Vec<f32>, usize, usize) {
    let height = values.len().checked_div(width).unwrap_or(0);
    let (out_width, out_height) = (width.div_ceil(factor), height.div_ceil(factor));
    let mut out = Vec::with_capacity(out_width * out_height);
    let mut sums = Sums::new(out_width);
    for band in values.chunks(width.max(1) * factor) {
        for row in band.chunks_exact(width) {
            sums.add_values(row, factor);
        }
        out.extend(sums.means());
        sums.clear();
    }
    (out, out_width, out_height)
}

/// A tile of a level, row by row; NaN where there is no value and beyond the raster.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// 0 is the full resolution.
    pub level: usize,
    /// Column of tiles.
    pub col: u32,
    /// Row of tiles.
    pub row: u32,
    /// As many values as a tile has pixels.
    pub values: Vec<f32>,
}

/// A row of tiles of a level, to be cut.
#[derive(Debug, Clone, Copy)]
pub struct TileRow<'a> {
    /// 0 is the full resolution.
    pub level: usize,
    /// Row of tiles.
    pub row: u32,
    width: usize,
    tile_size: usize,
    /// As many rows of values as the tiles have, or fewer at the lower border.
    values: &'a [f32],
}

impl TileRow<'_> {
    /// Tiles of the row.
    pub fn tile_count(&self) -> usize {
        self.width.div_ceil(self.tile_size)
    }

    /// Cuts a tile out, into as many values as it has pixels; `NaN` beyond the raster.
    ///
    /// # Panics
    /// When the row has no such tile.
    pub fn cut(&self, col: usize, values: &mut Vec<f32>) {
        let start = col * self.tile_size;
        let cols = start..self.width.min(start + self.tile_size);
        assert!(!cols.is_empty(), "the row has {} tiles", self.tile_count());
        values.clear();
        for row in self.values.chunks_exact(self.width) {
            values.extend_from_slice(&row[cols.clone()]);
            values.resize(values.len().next_multiple_of(self.tile_size), f32::NAN);
        }
        values.resize(self.tile_size * self.tile_size, f32::NAN);
    }
}

/// Cuts rows that arrive from top to bottom into tiles of all levels.
///
/// Holds one row of tiles for each smaller level, about `width × tile size` values whatever the
/// height; and one of the full resolution where rows do not arrive by whole rows of tiles.
#[derive(Debug, Clone)]
pub struct Pyramid {
    tile_size: usize,
    levels: Vec<Level>,
}

#[derive(Debug, Clone)]
struct Level {
    width: usize,
    height: usize,
    rows_done: usize,
    /// Rows of the row of tiles that is being filled.
    rows: Vec<f32>,
    /// The next row in the making, of the two rows above it; unused at full resolution.
    sums: Sums,
    rows_in_sums: usize,
}

impl Pyramid {
    /// Starts a raster of a size in pixels, with the overviews of [`level_sizes`].
    pub fn new(width: u32, height: u32, tile_size: u32) -> Self {
        let levels = level_sizes(width, height, tile_size)
            .into_iter()
            .map(|(width, height)| Level {
                width: width as usize,
                height: height as usize,
                rows_done: 0,
                rows: Vec::new(),
                sums: Sums::new(width as usize),
                rows_in_sums: 0,
            })
            .collect();
        Self {
            tile_size: tile_size as usize,
            levels,
        }
    }

    /// Takes the next rows of the raster, and gives the tiles that they complete; the last row
    /// completes all.
    ///
    /// # Panics
    /// When the values are not whole rows, or are more than the raster has.
    pub fn push_rows(&mut self, values: &[f32]) -> Vec<Tile> {
        let mut tiles = Vec::new();
        self.feed(values, |row: TileRow<'_>| {
            for col in 0..row.tile_count() {
                let mut values = Vec::new();
                row.cut(col, &mut values);
                tiles.push(Tile {
                    level: row.level,
                    col: to_u32(col),
                    row: row.row,
                    values,
                });
            }
            Ok::<_, std::convert::Infallible>(())
        })
        .unwrap_or_else(|never| match never {});
        tiles
    }

    /// As [`Pyramid::push_rows`], but lends each row of tiles to `take` as soon as it is complete.
    ///
    /// # Errors
    /// The first that `take` gives; the pyramid is of no use then.
    ///
    /// # Panics
    /// When the values are not whole rows, or are more than the raster has.
    pub fn feed<E>(
        &mut self,
        mut values: &[f32],
        mut take: impl FnMut(TileRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let width = self.levels[0].width;
        assert_eq!(values.len() % width, 0, "whole rows of {width} values");
        while !values.is_empty() {
            let full = &mut self.levels[0];
            assert!(
                full.rows_done < full.height,
                "no more rows than the raster has"
            );
            // Up to the next border between tiles.
            let into_tile = full.rows_done % self.tile_size;
            let rows = (self.tile_size - into_tile)
                .min(full.height - full.rows_done)
                .min(values.len() / width);
            let (taken, left) = values.split_at(rows * width);
            values = left;
            full.take_rows(taken, 0, self.tile_size, &mut take)?;
            let rows_left = full.height - full.rows_done;
            if self.levels.len() > 1 {
                for (place, row) in taken.chunks_exact(width).enumerate() {
                    let is_last = rows_left == 0 && place + 1 == rows;
                    self.levels[1].sums.add_values(row, 2);
                    self.reduce(is_last, &mut take)?;
                }
            }
        }
        Ok(())
    }

    /// Carries a row that was added to the first overview on to the smaller ones.
    fn reduce<E>(
        &mut self,
        mut is_last: bool,
        take: &mut impl FnMut(TileRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut level = 1;
        let mut overviews = &mut self.levels[1..];
        while let Some((overview, rest)) = overviews.split_first_mut() {
            overview.rows_in_sums += 1;
            if overview.rows_in_sums < 2 && !is_last {
                break;
            }
            overview.take_means(level, self.tile_size, take)?;
            is_last = overview.is_done();
            if let Some(next) = rest.first_mut() {
                next.sums.add_pairs(&overview.sums);
            }
            overview.sums.clear();
            overview.rows_in_sums = 0;
            overviews = rest;
            level += 1;
        }
        Ok(())
    }

    /// Whether every row was given.
    pub fn is_done(&self) -> bool {
        self.levels[0].is_done()
    }
}

impl Level {
    fn is_done(&self) -> bool {
        self.rows_done == self.height
    }

    /// Takes rows of which only the last may complete a row of tiles.
    fn take_rows<E>(
        &mut self,
        rows: &[f32],
        level: usize,
        tile_size: usize,
        take: &mut impl FnMut(TileRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.rows_done += rows.len() / self.width;
        let is_complete = self.rows_done.is_multiple_of(tile_size) || self.is_done();
        if is_complete && self.rows.is_empty() {
            // A whole row of tiles at once, which need not be kept.
            return take(self.tile_row(rows, level, tile_size));
        }
        self.make_room(tile_size);
        self.rows.extend_from_slice(rows);
        self.give_if_complete(level, tile_size, take)
    }

    /// Takes the row that the sums make.
    fn take_means<E>(
        &mut self,
        level: usize,
        tile_size: usize,
        take: &mut impl FnMut(TileRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.make_room(tile_size);
        self.rows.extend(self.sums.means());
        self.rows_done += 1;
        self.give_if_complete(level, tile_size, take)
    }

    fn make_room(&mut self, tile_size: usize) {
        if self.rows.capacity() == 0 {
            // Growing by doubling would take up to twice as much.
            let most_rows = tile_size.min(self.height);
            self.rows.reserve_exact(self.width * most_rows);
        }
    }

    fn give_if_complete<E>(
        &mut self,
        level: usize,
        tile_size: usize,
        take: &mut impl FnMut(TileRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.rows_done.is_multiple_of(tile_size) && !self.is_done() {
            return Ok(());
        }
        take(self.tile_row(&self.rows, level, tile_size))?;
        self.rows.clear();
        Ok(())
    }

    fn tile_row<'a>(&self, values: &'a [f32], level: usize, tile_size: usize) -> TileRow<'a> {
        TileRow {
            level,
            row: to_u32((self.rows_done - 1) / tile_size),
            width: self.width,
            tile_size,
            values,
        }
    }
}

fn to_u32(value: usize) -> u32 {
    u32::try_from(value).expect("a raster is at most 2^32 wide and high")
}

/// Sums of a row of pixels and how many values are in each.
#[derive(Debug, Clone)]
struct Sums {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl Sums {
    fn new(width: usize) -> Self {
        Self {
            sums: vec![0.0; width],
            counts: vec![0; width],
        }
    }

    /// Adds a row of values, `factor` of them to each sum.
    fn add_values(&mut self, row: &[f32], factor: usize) {
        if factor == 2 {
            return self.add_two_each(row);
        }
        let pixels = row
            .chunks(factor)
            .zip(self.sums.iter_mut().zip(&mut self.counts));
        for (values, (sum, count)) in pixels {
            for &value in values {
                if !value.is_nan() {
                    *sum += f64::from(value);
                    *count += 1;
                }
            }
        }
    }

    /// The same for two values to each sum, without a branch a value.
    fn add_two_each(&mut self, row: &[f32]) {
        let counted = |value: f32| {
            if value.is_nan() {
                (0.0, 0)
            } else {
                (f64::from(value), 1)
            }
        };
        let (pairs, rest) = row.as_chunks::<2>();
        let sums = self.sums.iter_mut().zip(&mut self.counts);
        for ((sum, count), [left, right]) in sums.zip(pairs) {
            let ((left, first), (right, second)) = (counted(*left), counted(*right));
            *sum = *sum + left + right;
            *count += first + second;
        }
        if let [single] = rest {
            let (value, one) = counted(*single);
            self.sums[pairs.len()] += value;
            self.counts[pairs.len()] += one;
        }
    }

    /// Adds the sums of a row of the level above, two to each sum.
    fn add_pairs(&mut self, above: &Self) {
        let pairs = above.sums.chunks(2).zip(above.counts.chunks(2));
        for ((sums, counts), (sum, count)) in pairs.zip(self.sums.iter_mut().zip(&mut self.counts))
        {
            *sum += sums.iter().sum::<f64>();
            *count += counts.iter().sum::<u32>();
        }
    }

    #[allow(clippy::cast_possible_truncation)] // the mean of f32 is within f32
    fn means(&self) -> impl Iterator<Item = f32> {
        self.sums.iter().zip(&self.counts).map(|(&sum, &count)| {
            if count == 0 {
                f32::NAN
            } else {
                (sum / f64::from(count)) as f32
            }
        })
    }

    fn clear(&mut self) {
        self.sums.fill(0.0);
        self.counts.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_halve_until_one_tile_holds_the_last() {
        assert_eq!(level_sizes(256, 256, 256), [(256, 256)]);
        assert_eq!(level_sizes(1, 1, 256), [(1, 1)]);
        assert_eq!(
            level_sizes(1100, 257, 256),
            [(1100, 257), (550, 129), (275, 65), (138, 33)]
        );
    }

    #[test]
    fn an_overview_weighs_full_resolution_values_not_averages() {
        // One value in the upper left quarter, four in the upper right one, none below.
        let nan = f32::NAN;
        let values = [
            9.0, nan, 1.0, 1.0, //
            nan, nan, 1.0, 1.0, //
            nan, nan, nan, nan, //
            nan, nan, nan, nan,
        ];

        let mut pyramid = Pyramid::new(4, 4, 1);
        let tiles = pyramid.push_rows(&values);

        let top = tiles.iter().find(|tile| tile.level == 2).unwrap();
        assert_eq!(top.values, [13.0 / 5.0]);
        assert!(pyramid.is_done());
    }

    #[test]
    fn tiles_are_the_same_however_many_rows_arrive_at_once() {
        let (width, height) = (37_u32, 21_u32);
        let values: Vec<f32> = (0..width * height)
            .map(|index| {
                if index % 7 == 3 {
                    f32::NAN
                } else {
                    (index % 101) as f32
                }
            })
            .collect();

        let mut at_once = Pyramid::new(width, height, 16).push_rows(&values);
        let mut pyramid = Pyramid::new(width, height, 16);
        let mut by_two: Vec<Tile> = values
            .chunks(2 * width as usize)
            .flat_map(|rows| pyramid.push_rows(rows))
            .collect();

        let key = |tile: &Tile| (tile.level, tile.row, tile.col);
        at_once.sort_by_key(key);
        by_two.sort_by_key(key);
        let bits = |tiles: &[Tile]| -> Vec<Vec<u32>> {
            tiles
                .iter()
                .map(|tile| tile.values.iter().map(|value| value.to_bits()).collect())
                .collect()
        };
        assert_eq!(bits(&at_once), bits(&by_two));
        assert_eq!(at_once.len(), 3 * 2 + 2 + 1);
    }

    #[test]
    fn every_level_is_the_reduction_of_the_full_raster() {
        let (width, height) = (13_u32, 9_u32);
        let values: Vec<f32> = (0..width * height)
            .map(|index| {
                if index % 5 == 0 {
                    f32::NAN
                } else {
                    index as f32
                }
            })
            .collect();

        let tiles = Pyramid::new(width, height, 4).push_rows(&values);

        for tile in tiles.iter().filter(|tile| tile.level > 0) {
            let (reduced, reduced_width, _) = reduce(&values, width as usize, 1 << tile.level);
            let (col, row) = (tile.col as usize * 4, tile.row as usize * 4);
            let cols = (reduced_width - col).min(4);
            let first = &reduced[row * reduced_width + col..][..cols];
            for (found, wanted) in tile.values.iter().zip(first) {
                assert!((found - wanted).abs() < 1e-6 || found.is_nan() && wanted.is_nan());
            }
        }
    }
}
