//! Small TIFFs for tests, of every layout.

use crate::tiff::tags;

/// The value of a tag.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Long8(Vec<u64>),
    Double(Vec<f64>),
    Ascii(String),
    Undefined(Vec<u8>),
}

/// One directory and the tiles or strips it points to.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    pub(super) tags: Vec<(u16, Value)>,
    pub(super) chunks: Vec<Vec<u8>>,
    pub(super) is_tiled: bool,
}

impl Page {
    /// A page of unsigned integers, uncompressed, one band, one strip.
    pub(super) fn grey(width: u16, height: u16, bits: u16, strip: Vec<u8>) -> Self {
        let mut page = Self {
            chunks: vec![strip],
            ..Self::default()
        };
        page.set(tags::IMAGE_WIDTH, Value::Short(vec![width]));
        page.set(tags::IMAGE_LENGTH, Value::Short(vec![height]));
        page.set(tags::BITS_PER_SAMPLE, Value::Short(vec![bits]));
        page.set(tags::ROWS_PER_STRIP, Value::Short(vec![height]));
        page
    }

    /// Sets a tag, in place of an older value.
    pub(super) fn set(&mut self, tag: u16, value: Value) {
        self.tags.retain(|(other, _)| *other != tag);
        self.tags.push((tag, value));
    }

    pub(super) fn with(mut self, tag: u16, value: Value) -> Self {
        self.set(tag, value);
        self
    }
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Form {
    pub(super) is_big_endian: bool,
    pub(super) is_big_tiff: bool,
}

impl Form {
    pub(super) const ALL: [Self; 4] = [
        Self {
            is_big_endian: false,
            is_big_tiff: false,
        },
        Self {
            is_big_endian: true,
            is_big_tiff: false,
        },
        Self {
            is_big_endian: false,
            is_big_tiff: true,
        },
        Self {
            is_big_endian: true,
            is_big_tiff: true,
        },
    ];

    pub(super) fn u16(self, value: u16) -> [u8; 2] {
        if self.is_big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self.is_big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self.is_big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    /// An offset or count in the file's width.
    fn word(self, value: u64) -> Vec<u8> {
        if self.is_big_tiff {
            self.u64(value).to_vec()
        } else {
            self.u32(u32::try_from(value).expect("a small file"))
                .to_vec()
        }
    }

    /// Type, count and bytes of a value.
    fn bytes(self, value: &Value) -> (u16, u64, Vec<u8>) {
        match value {
            Value::Short(numbers) => (
                3,
                numbers.len() as u64,
                numbers.iter().flat_map(|n| self.u16(*n)).collect(),
            ),
            Value::Long(numbers) => (
                4,
                numbers.len() as u64,
                numbers.iter().flat_map(|n| self.u32(*n)).collect(),
            ),
            Value::Long8(numbers) => (
                16,
                numbers.len() as u64,
                numbers.iter().flat_map(|n| self.u64(*n)).collect(),
            ),
            Value::Double(numbers) => (
                12,
                numbers.len() as u64,
                numbers.iter().flat_map(|n| self.u64(n.to_bits())).collect(),
            ),
            Value::Undefined(bytes) => (7, bytes.len() as u64, bytes.clone()),
            Value::Ascii(text) => (2, text.len() as u64 + 1, [text.as_bytes(), &[0]].concat()),
        }
    }

    /// The file: header, then for each page its chunks, its values and its directory.
    pub(super) fn file(self, pages: &[Page]) -> Vec<u8> {
        let mut file = if self.is_big_endian { b"MM" } else { b"II" }.to_vec();
        if self.is_big_tiff {
            file.extend([43, 8, 0].into_iter().flat_map(|n| self.u16(n)));
        } else {
            file.extend(self.u16(42));
        }
        let mut link = file.len();
        file.extend(self.word(0));
        for page in pages {
            let page = self.placed(page, &mut file);
            link = self.directory(&page, &mut file, link);
        }
        file
    }

    /// Writes the chunks of a page; a chunk without bytes is left out, as sparse files do.
    fn placed(self, page: &Page, file: &mut Vec<u8>) -> Page {
        let (mut offsets, mut lens) = (Vec::new(), Vec::new());
        for chunk in &page.chunks {
            offsets.push(if chunk.is_empty() {
                0
            } else {
                file.len() as u64
            });
            lens.push(chunk.len() as u64);
            file.extend(chunk);
        }
        let (offset_tag, len_tag) = if page.is_tiled {
            (tags::TILE_OFFSETS, tags::TILE_BYTE_COUNTS)
        } else {
            (tags::STRIP_OFFSETS, tags::STRIP_BYTE_COUNTS)
        };
        let mut placed = page.clone();
        for (tag, numbers) in [(offset_tag, offsets), (len_tag, lens)] {
            if !page.tags.iter().any(|(other, _)| *other == tag) {
                placed.set(tag, self.words(&numbers));
            }
        }
        placed.tags.sort_by_key(|(tag, _)| *tag);
        placed
    }

    fn words(self, numbers: &[u64]) -> Value {
        if self.is_big_tiff {
            Value::Long8(numbers.to_vec())
        } else {
            let small = |n: &u64| u32::try_from(*n).expect("a small file");
            Value::Long(numbers.iter().map(small).collect())
        }
    }

    /// Writes a directory, links it to the one before, and returns where the next link goes.
    fn directory(self, page: &Page, file: &mut Vec<u8>, link: usize) -> usize {
        let room = if self.is_big_tiff { 8 } else { 4 };
        let mut rows = Vec::new();
        for (tag, value) in &page.tags {
            let (kind, count, bytes) = self.bytes(value);
            rows.extend(self.u16(*tag));
            rows.extend(self.u16(kind));
            rows.extend(self.word(count));
            if bytes.len() > room {
                rows.extend(self.word(file.len() as u64));
                file.extend(&bytes);
            } else {
                rows.extend(&bytes);
                rows.resize(rows.len() + room - bytes.len(), 0);
            }
        }
        let at = self.word(file.len() as u64);
        file[link..link + room].copy_from_slice(&at);
        let count = page.tags.len();
        if self.is_big_tiff {
            file.extend(self.u64(count as u64));
        } else {
            file.extend(self.u16(u16::try_from(count).expect("few tags")));
        }
        file.extend(rows);
        let next = file.len();
        file.extend(self.word(0));
        next
    }
}
