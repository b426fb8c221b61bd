//! How large a file's parts may be.

/// Sizes beyond which a file is refused, each checked before anything of that size is allocated.
///
/// With the default sizes a header takes at most 128 MiB beside its bytes, and a tile or strip at most
/// four times [`Limits::max_chunk_bytes`], whatever the file holds; `tests/memory.rs` measures both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of one band. A Sentinel-2 band has 120.6 million, a Landsat one 60 million.
    pub max_pixels: u64,
    /// Bands. Hyperspectral sensors have some 250.
    pub max_bands: u64,
    /// Bytes of one decoded tile or strip, all its bands together.
    pub max_chunk_bytes: u64,
    /// Tiles and strips of all images, all bands together.
    pub max_chunks: u64,
    /// Directories: the image, its overviews and masks.
    pub max_ifds: usize,
    /// Entries of one directory. Files of this world have about 20.
    pub max_entries: u64,
    /// Bytes of one tag's value.
    pub max_tag_bytes: u64,
    /// Bytes of the tags of all directories together.
    pub max_header_bytes: u64,
    /// Requests for parts of the header. Files that were never put in order take two an image.
    pub max_requests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 400_000_000,
            max_bands: 1024,
            max_chunk_bytes: 64 << 20,
            max_chunks: 1 << 20,
            max_ifds: 64,
            max_entries: 1024,
            max_tag_bytes: 8 << 20,
            max_header_bytes: 32 << 20,
            max_requests: 256,
        }
    }
}
