//! Which parts of a grid are computed together.

use furrow_raster::grid::{Grid, Window};

/// Pixels of a block, over all bands that are held at once: the memory of a call is a few of these
/// times 8 bytes.
const BLOCK_PIXELS: u64 = 4 << 20;

/// Fewest and most pixels of a block. Only grids with much finer bands come near the fewest.
const LEAST_PIXELS: u64 = 1 << 8;
const MOST_PIXELS: u64 = 1 << 20;

/// Most pixels of a row of blocks of a mosaic, which files in the making hold, but for fewest rows.
const MOST_PIXELS_ALONG: u32 = 16 << 20;
const LEAST_ROWS: u32 = 256;

/// How much taller than meant a block may become to keep large tiles whole, and how much larger at
/// all: a file may say that its tiles are as wide as millions of columns.
const MOST_TIMES_TALLER: u32 = 8;
const MOST_TIMES_LARGER: u64 = 8;

/// Cuts the windows that are asked for into blocks of one lattice, so that no pixel is computed
/// twice. Blocks run from top to bottom and, in a row, from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lattice {
    width: u32,
    height: u32,
    cols: u32,
    rows: u32,
    chunk: (u32, u32),
    reads: u64,
}

impl Lattice {
    /// A lattice over a grid whose files are cut into chunks of this size, in pixels of the grid.
    /// A block is made of whole chunks where these are small enough, so that few are read twice, and
    /// is as low as they are: neighbours lie together in a file, and a writer holds one row of blocks.
    /// `reads` is how many pixels of all files are read for one of the grid.
    pub fn new(grid: &Grid, chunk: (u32, u32), reads: u64) -> Self {
        let (chunk_width, chunk_height) = chunk;
        let pixels = (BLOCK_PIXELS / reads.max(1)).clamp(LEAST_PIXELS, MOST_PIXELS);
        // Strips are as wide as the raster: blocks are so too, and grow downwards only.
        let chunk_width = chunk_width.clamp(1, grid.width);
        // A chunk may be higher than the block is to have pixels.
        let wide = (pixels / u64::from(chunk_height.clamp(1, grid.height))).max(1);
        let most = u32::try_from(MOST_TIMES_LARGER * pixels).unwrap_or(u32::MAX);
        let cols = times_at_most(chunk_width, wide, u32::MAX);
        let cols = cols.min(grid.width).min(most);
        let tall = (pixels / u64::from(cols)).max(1);
        let chunk_height = chunk_height.clamp(1, grid.height);
        let rows = times_at_most(chunk_height, tall, MOST_TIMES_TALLER);
        let rows = rows.min(grid.height).min(most / cols);
        Self {
            width: grid.width,
            height: grid.height,
            cols,
            rows,
            chunk,
            reads,
        }
    }

    /// A lattice of the same files over a larger grid, its blocks lower where a row of them would
    /// hold too many pixels.
    #[must_use]
    pub fn over(&self, grid: &Grid) -> Self {
        let meant = Self::new(grid, self.chunk, self.reads);
        let most = MOST_PIXELS_ALONG / grid.width.max(1);
        Self {
            rows: meant.rows.min(most.max(LEAST_ROWS)),
            ..meant
        }
    }

    /// The block that holds a column and row, by number.
    fn number(&self, col: u32, row: u32) -> u64 {
        let per_row = u64::from(self.width.div_ceil(self.cols));
        u64::from(row / self.rows) * per_row + u64::from(col / self.cols)
    }

    /// Numbers of the blocks that a window touches, ascending.
    pub fn touched(&self, window: Window) -> impl Iterator<Item = u64> + use<> {
        let this = *self;
        let first = |start: u32, step: u32| start / step * step;
        let (row, cols) = (first(window.row, this.rows), this.cols);
        let col = first(window.col, cols);
        (row..window.row_end())
            .step_by(this.rows as usize)
            .flat_map(move |row| {
                (col..window.col_end())
                    .step_by(cols as usize)
                    .map(move |col| this.number(col, row))
            })
    }

    /// The window of a block.
    pub fn window(&self, number: u64) -> Window {
        let per_row = u64::from(self.width.div_ceil(self.cols));
        let place = |number: u64, step: u32| {
            u32::try_from(number).expect("blocks are fewer than pixels of a side") * step
        };
        let col = place(number % per_row, self.cols);
        let row = place(number / per_row, self.rows);
        Window {
            col,
            row,
            width: self.cols.min(self.width - col),
            height: self.rows.min(self.height - row),
        }
    }

    /// The blocks of a window, cut to it.
    pub fn within(&self, window: Window) -> Vec<Window> {
        self.touched(window)
            .filter_map(|number| self.window(number).intersection(&window))
            .collect()
    }
}

/// The largest multiple of a chunk that is at most so large. A chunk that is larger already is kept
/// whole up to so many times as much, and cut beyond.
fn times_at_most(chunk: u32, most: u64, times: u32) -> u32 {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    if chunk > most {
        // A chunk that is cut is decoded once a block: time is spent to bound memory.
        chunk.min(most.saturating_mul(times))
    } else {
        most / chunk * chunk
    }
}

#[cfg(test)]
mod tests {
    use furrow_raster::grid::GeoTransform;

    use super::*;

    fn grid(width: u32, height: u32) -> Grid {
        Grid {
            width,
            height,
            transform: GeoTransform {
                origin_x: 0.0,
                origin_y: 0.0,
                pixel_width: 10.0,
                pixel_height: 10.0,
            },
            epsg: 32631,
        }
    }

    #[test]
    fn blocks_cover_the_grid_once() {
        for (size, chunk) in [
            ((1000, 700), (256, 256)),
            ((1000, 700), (1000, 8)),
            ((64, 64), (64, 64)),
        ] {
            let grid = grid(size.0, size.1);
            let lattice = Lattice::new(&grid, chunk, 32);
            let blocks = lattice.within(grid.full_window());
            let pixels: u64 = blocks.iter().map(Window::pixel_count).sum();
            assert_eq!(pixels, grid.full_window().pixel_count());
            for (place, block) in blocks.iter().enumerate() {
                let apart = blocks[..place]
                    .iter()
                    .all(|other| other.intersection(block).is_none());
                assert!(apart);
            }
        }
    }

    #[test]
    fn tiles_are_kept_whole_and_strips_wide() {
        let scene = grid(10_980, 10_980);
        let of_tiles = Lattice::new(&scene, (512, 512), 2);
        assert_eq!((of_tiles.cols % 512, of_tiles.rows % 512), (0, 0));
        let of_strips = Lattice::new(&scene, (10_980, 1), 2);
        assert_eq!(of_strips.cols, 10_980);
        assert!(u64::from(of_strips.rows) * 10_980 <= MOST_PIXELS);
    }

    #[test]
    fn finer_bands_make_blocks_smaller() {
        // Two bands of 10 m on a grid of 60 m.
        let scene = grid(1830, 1830);
        let lattice = Lattice::new(&scene, (86, 86), 2 * 36);
        assert!(u64::from(lattice.cols) * u64::from(lattice.rows) * 72 <= BLOCK_PIXELS);
    }

    #[test]
    fn a_tile_that_is_far_too_wide_is_cut() {
        let scene = grid(4 << 20, 4096);
        for (tile, reads) in [
            ((4 << 20, 16), 2),
            ((4 << 20, 4096), 1),
            ((4 << 20, 1), 1 << 20),
        ] {
            let lattice = Lattice::new(&scene, tile, reads);
            let pixels = u64::from(lattice.cols) * u64::from(lattice.rows);
            let meant = (BLOCK_PIXELS / reads).clamp(LEAST_PIXELS, MOST_PIXELS);
            assert!((1..=8 * meant).contains(&pixels), "{pixels} of {tile:?}");
        }
    }

    #[test]
    fn a_tile_that_is_higher_than_a_block_has_pixels_makes_a_block_all_the_same() {
        for (size, chunk, reads) in [
            // A mask of half a metre on a grid of 60 m.
            ((1830, 1830), (512, 512), 1 + 120 * 120),
            // One strip of a raster that is all height.
            ((4, 2_000_000), (4, 2_000_000), 2),
        ] {
            let lattice = Lattice::new(&grid(size.0, size.1), chunk, reads);
            let pixels = u64::from(lattice.cols) * u64::from(lattice.rows);
            assert!((1..=8 * MOST_PIXELS).contains(&pixels), "{pixels}");
        }
    }

    #[test]
    fn a_larger_grid_is_cut_as_if_it_were_one_file() {
        let tile = Lattice::new(&grid(200, 300), (256, 256), 2);
        let both = tile.over(&grid(400, 300));
        assert_eq!(
            (both.cols, both.rows),
            (400, 300),
            "small rasters are one block"
        );
        let far = Lattice::new(&grid(10_980, 10_980), (1024, 1024), 2).over(&grid(80_000, 4000));
        assert_eq!(far.cols, 1024);
        assert_eq!(
            far.rows, 256,
            "a row of blocks is held by files in the making"
        );
    }

    #[test]
    fn a_window_is_cut_at_the_lattice() {
        let lattice = Lattice::new(&grid(2000, 2000), (256, 256), 64);
        let window = Window {
            col: 200,
            row: 10,
            width: 100,
            height: 100,
        };
        let cut = lattice.within(window);
        assert_eq!(cut.len(), 2);
        assert_eq!(cut[0].col_end(), 256);
        assert_eq!(cut[1].col, 256);
    }
}
