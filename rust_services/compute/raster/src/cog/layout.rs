//! Where everything stands in the file.

use super::{
    CogError, CogSpec,
    ifd::{self, Offsets},
};

/// What GDAL's COG driver promises of a file's structure. The blank at the end leaves room for
/// programs that change a file to say that they broke the promise.
const STRUCTURE: &str = "LAYOUT=IFDS_BEFORE_DATA\n\
                         BLOCK_ORDER=ROW_MAJOR\n\
                         BLOCK_LEADER=SIZE_AS_UINT4\n\
                         BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n\
                         KNOWN_INCOMPATIBLE_EDITION=NO\n ";
/// Bytes before each tile: its size.
const LEADER: u64 = 4;
/// Bytes behind each tile: its last four once more.
const TRAILER: u64 = 4;

/// A tile, by level (0 is the full resolution) and by place in the level, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePlace {
    /// Level.
    pub level: usize,
    /// Index in the level.
    pub index: usize,
}

/// The bytes before the tiles, and the order of the tiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    header: Vec<u8>,
    tile_counts: Vec<usize>,
    file_size: u64,
}

impl Layout {
    /// Lays out a file of packed tiles, of which `sizes` gives the bytes: a list a level, full
    /// resolution first, each row by row.
    ///
    /// # Errors
    /// [`CogError::WrongTileCount`], [`CogError::EpsgTooLarge`], [`CogError::Empty`].
    pub fn new(spec: &CogSpec, sizes: &[Vec<usize>]) -> Result<Self, CogError> {
        let classic = Self::with_offsets(spec, sizes, Offsets::Classic)?;
        if u32::try_from(classic.file_size).is_ok() {
            return Ok(classic);
        }
        Self::with_offsets(spec, sizes, Offsets::Big)
    }

    fn with_offsets(
        spec: &CogSpec,
        sizes: &[Vec<usize>],
        offsets: Offsets,
    ) -> Result<Self, CogError> {
        let levels = spec.levels();
        check_counts(spec, &levels, sizes)?;
        let mut header = file_header(offsets);

        // Directories are as long whatever offsets they hold, so a first round finds where the
        // tiles begin.
        let nowhere: Vec<Vec<u64>> = sizes.iter().map(|level| vec![0; level.len()]).collect();
        let first = directories(spec, &levels, nowhere, sizes, offsets, header.len() as u64)?;
        let mut end = (header.len() + first.len()) as u64;

        let mut tile_offsets: Vec<Vec<u64>> = sizes.iter().map(|_| Vec::new()).collect();
        for (level, sizes) in sizes.iter().enumerate().rev() {
            for &size in sizes {
                tile_offsets[level].push(end + LEADER);
                end += LEADER + size as u64 + TRAILER;
            }
        }
        let start = header.len() as u64;
        header.extend(directories(
            spec,
            &levels,
            tile_offsets,
            sizes,
            offsets,
            start,
        )?);
        Ok(Self {
            header,
            tile_counts: sizes.iter().map(Vec::len).collect(),
            file_size: end,
        })
    }

    /// Everything that stands before the first tile.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Bytes of the whole file.
    pub fn file_size(&self) -> u64 {
        self.file_size
    }

    /// The tiles as they follow the header, each by [`append_tile`]: the smallest level first.
    pub fn order(&self) -> impl Iterator<Item = TilePlace> {
        let levels = self.tile_counts.iter().enumerate().rev();
        levels.flat_map(|(level, &count)| (0..count).map(move |index| TilePlace { level, index }))
    }
}

/// Appends a packed tile with its size before and its last four bytes behind it.
pub fn append_tile(file: &mut Vec<u8>, packed: &[u8]) {
    let size = u32::try_from(packed.len()).expect("a tile has at most a MiB");
    file.extend(size.to_le_bytes());
    file.extend(packed);
    // Every codec here makes at least eight bytes.
    file.extend(&packed[packed.len().saturating_sub(4)..]);
}

fn check_counts(
    spec: &CogSpec,
    levels: &[(u32, u32)],
    sizes: &[Vec<usize>],
) -> Result<(), CogError> {
    let (width, height) = (spec.grid.width, spec.grid.height);
    if width == 0 || height == 0 {
        return Err(CogError::Empty { width, height });
    }
    let tile = spec.tile_size.pixels();
    for (level, &(width, height)) in levels.iter().enumerate() {
        let expected = width.div_ceil(tile) as usize * height.div_ceil(tile) as usize;
        let found = sizes.get(level).map_or(0, Vec::len);
        if found != expected {
            return Err(CogError::WrongTileCount {
                level,
                found,
                expected,
            });
        }
    }
    Ok(())
}

/// Byte order, version, where the first directory is, and the promise of structure.
fn file_header(offsets: Offsets) -> Vec<u8> {
    let mut header = match offsets {
        Offsets::Classic => b"II\x2a\0".to_vec(),
        Offsets::Big => b"II\x2b\0\x08\0\0\0".to_vec(),
    };
    let structure = format!(
        "GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{STRUCTURE}",
        STRUCTURE.len()
    );
    let pointer_bytes = if offsets == Offsets::Big { 8 } else { 4 };
    // The first directory stands at the next even offset, where GDAL looks for it.
    let first = (header.len() + pointer_bytes + structure.len()).next_multiple_of(2);
    ifd::push_pointer(&mut header, first as u64, offsets);
    header.extend(structure.into_bytes());
    header.resize(first, 0);
    header
}

/// All directories, one behind the other, as they stand at `start`.
fn directories(
    spec: &CogSpec,
    levels: &[(u32, u32)],
    tile_offsets: Vec<Vec<u64>>,
    sizes: &[Vec<usize>],
    offsets: Offsets,
    start: u64,
) -> Result<Vec<u8>, CogError> {
    let mut bytes = Vec::new();
    let last = levels.len() - 1;
    for (level, tile_offsets) in tile_offsets.into_iter().enumerate() {
        let sizes = sizes[level]
            .iter()
            .map(|&size| u32::try_from(size).expect("a tile has at most a MiB"))
            .collect();
        let directory = ifd::directory(spec, level, levels[level], tile_offsets, sizes)?;
        let here = start + bytes.len() as u64;
        let len = ifd::serialize(&directory, offsets, here, 0).len() as u64;
        let next = if level == last { 0 } else { here + len };
        bytes.extend(ifd::serialize(&directory, offsets, here, next));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        cog::{Compression, Encoding, TileSize},
        grid::{GeoTransform, Grid},
    };

    fn spec(width: u32, height: u32) -> CogSpec {
        CogSpec {
            grid: Grid {
                width,
                height,
                transform: GeoTransform {
                    origin_x: 600_000.0,
                    origin_y: 5_000_000.0,
                    pixel_width: 10.0,
                    pixel_height: 10.0,
                },
                epsg: 32632,
            },
            is_geographic: false,
            tile_size: TileSize::Px512,
            encoding: Encoding::Float32,
            compression: Compression::Deflate,
            description: "ndvi".to_owned(),
            tags: BTreeMap::new(),
        }
    }

    #[test]
    fn a_file_beyond_4_gib_is_a_big_tiff() {
        // 22 × 22 tiles of a Sentinel-2 scene at ten times their usual size.
        let spec = spec(10_980, 10_980);
        let tiles = |side: u32| side.div_ceil(512).pow(2) as usize;
        let sizes = |bytes: usize| -> Vec<Vec<usize>> {
            let levels = spec.levels();
            levels
                .iter()
                .map(|level| vec![bytes; tiles(level.0)])
                .collect()
        };

        let small = Layout::new(&spec, &sizes(1_000_000)).unwrap();
        let large = Layout::new(&spec, &sizes(10_000_000)).unwrap();

        assert_eq!(&small.header()[..4], b"II\x2a\0");
        assert_eq!(&large.header()[..4], b"II\x2b\0");
        assert!(large.file_size() > 1 << 32);
    }

    #[test]
    fn the_smallest_level_comes_first_and_the_last_tile_ends_the_file() {
        let spec = spec(600, 300);
        let layout = Layout::new(&spec, &[vec![10, 20], vec![30]]).unwrap();

        let order: Vec<_> = layout
            .order()
            .map(|place| (place.level, place.index))
            .collect();

        assert_eq!(order, [(1, 0), (0, 0), (0, 1)]);
        let tiles = 10 + 20 + 30 + 3 * (LEADER + TRAILER);
        assert_eq!(layout.file_size(), layout.header().len() as u64 + tiles);
    }

    #[test]
    fn missing_tiles_are_refused() {
        let refused = Layout::new(&spec(600, 300), &[vec![10], vec![30]]).unwrap_err();

        assert!(matches!(
            refused,
            CogError::WrongTileCount {
                level: 0,
                found: 1,
                expected: 2
            }
        ));
    }
}
