//! Files that ask for far more than they hold.

use super::builder::{Form, Page, Value};
use super::pixels::deflated;
use crate::tiff::tags;

/// A hostile file and the words of what comes of it.
pub(super) struct Bomb {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) file: Vec<u8>,
}

const UNREADABLE: &str = "RASTER_UNREADABLE";
const TOO_LARGE: &str = "RASTER_TOO_LARGE";

fn bomb(name: &'static str, words: &'static str, page: Page) -> Bomb {
    let file = Form::default().file(&[page]);
    Bomb { name, words, file }
}

fn short(number: u16) -> Value {
    Value::Short(vec![number])
}

fn long(number: u32) -> Value {
    Value::Long(vec![number])
}

/// A sound page of 16 pixels with a text of metadata.
fn with_xml(xml: String) -> Page {
    Page::grey(4, 4, 8, vec![0; 16]).with(tags::GDAL_METADATA, Value::Ascii(xml))
}

fn item(text: &str) -> String {
    format!("<GDALMetadata><Item name=\"A\">{text}</Item></GDALMetadata>")
}

/// Headers whose cost would lie in what they announce.
pub(super) fn headers() -> Vec<Bomb> {
    let most = (8 << 20) - 200;
    let laugh = |n: usize| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    let laughs = (1..10).map(laugh).collect::<Vec<_>>().concat();
    let laughs = format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{laughs}]>{}", item("&l9;"));
    let attribute = |n| format!(" a{n:06}=\"\"");
    let attributes = (0..most / 12).map(attribute).collect::<Vec<_>>().concat();
    let items = "<Item name=\"A\" sample=\"1\">1</Item>".repeat(most / 40);
    let mut bombs = vec![
        bomb("laughs that multiply", UNREADABLE, with_xml(laughs)),
        bomb(
            "10 MB of XML",
            TOO_LARGE,
            with_xml(item(&"x".repeat(10 << 20))),
        ),
        bomb(
            "XML of deep elements",
            "fine",
            with_xml("<a>".repeat(most / 3)),
        ),
        bomb("XML of one element with 700,000 attributes", "fine", {
            with_xml(format!(
                "<GDALMetadata><Item{attributes}>x</Item></GDALMetadata>"
            ))
        }),
        bomb("XML of references that do not end", "fine", {
            with_xml(item(&"&amp;".repeat(most / 5)))
        }),
        bomb("XML of many items", "fine", {
            with_xml(format!("<GDALMetadata>{items}</GDALMetadata>"))
        }),
        bomb("XML that is none", "fine", with_xml("\u{1}".repeat(most))),
        bomb("a nodata value of 8 MB", "fine", {
            Page::grey(4, 4, 8, vec![0; 16]).with(tags::GDAL_NODATA, Value::Ascii("9".repeat(most)))
        }),
        bomb("a thousand citations of one long text", "fine", {
            let keys = (0..1000).flat_map(|_| [1026, 34737, 65_535, 0]);
            let keys = [1, 1, 0, 1000].into_iter().chain(keys).collect();
            Page::grey(4, 4, 8, vec![0; 16])
                .with(tags::GEO_KEY_DIRECTORY, Value::Short(keys))
                .with(
                    tags::GEO_ASCII_PARAMS,
                    Value::Ascii("\u{e9}".repeat(most / 2)),
                )
        }),
        bomb("2³² tiles", TOO_LARGE, {
            Page::grey(4, 4, 8, vec![0; 16])
                .with(tags::IMAGE_WIDTH, long(1 << 14))
                .with(tags::IMAGE_LENGTH, long(1 << 14))
                .with(tags::SAMPLES_PER_PIXEL, short(1000))
                .with(tags::PLANAR_CONFIGURATION, short(2))
                .with(tags::TILE_WIDTH, short(1))
                .with(tags::TILE_LENGTH, short(1))
        }),
    ];
    bombs.push(Bomb {
        name: "30 images of a million tiles each, all in the same place",
        words: TOO_LARGE,
        file: many_tables(30),
    });
    bombs.push(Bomb {
        name: "values scattered over the file",
        words: TOO_LARGE,
        file: scattered(),
    });
    bombs
}

/// Images that share one table of a million tiles, none of which is in the file.
fn many_tables(count: usize) -> Vec<u8> {
    let page = |kind| {
        let zeros = Value::Short(vec![0; 1 << 20]);
        Page {
            is_tiled: true,
            ..Page::grey(1 << 10, 1 << 10, 8, Vec::new())
        }
        .with(tags::NEW_SUBFILE_TYPE, long(kind))
        .with(tags::TILE_WIDTH, short(1))
        .with(tags::TILE_LENGTH, short(1))
        .with(tags::TILE_OFFSETS, zeros.clone())
        .with(tags::TILE_BYTE_COUNTS, zeros)
    };
    let mut file = Form::default().file(&[page(0)]);
    let first = u32::from_le_bytes(file[4..8].try_into().expect("four bytes")) as usize;
    let mut directory = file[first..].to_vec();
    // The copies are masks of the first; the kind is the first entry's value.
    directory[10..14].copy_from_slice(&4_u32.to_le_bytes());
    for _ in 1..count {
        let end = file.len();
        let next = u32::try_from(end).expect("small").to_le_bytes();
        file[end - 4..].copy_from_slice(&next);
        file.extend(&directory);
    }
    file
}

/// Sixty directories whose values lie more than a mebibyte from each other.
fn scattered() -> Vec<u8> {
    let pages: Vec<Page> = (0..60)
        .map(|_| {
            Page::grey(1, 1, 8, vec![0; 20_000])
                .with(tags::MODEL_PIXEL_SCALE, Value::Double(vec![1.0; 3]))
                .with(tags::MODEL_TIEPOINT, Value::Double(vec![0.0; 6]))
                .with(tags::MODEL_TRANSFORMATION, Value::Double(vec![0.0; 16]))
                .with(tags::GEO_ASCII_PARAMS, Value::Ascii("a".repeat(20_000)))
                .with(tags::GDAL_NODATA, Value::Ascii("0".repeat(20_000)))
        })
        .collect();
    let mut file = Form::default().file(&pages);
    // Spread: in each directory every other value moves to a copy at the far end.
    let len = file.len();
    let copy = file.clone();
    file.extend(&copy);
    let mut at = u32::from_le_bytes(file[4..8].try_into().expect("four bytes")) as usize;
    while at != 0 {
        let count = usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
        for row in (0..count).map(|row| at + 2 + row * 12).skip(1).step_by(2) {
            let value = u32::from_le_bytes(file[row + 8..row + 12].try_into().expect("four"));
            if value > 20_000 && (value as usize) < len {
                let moved = value + u32::try_from(len).expect("small");
                file[row + 8..row + 12].copy_from_slice(&moved.to_le_bytes());
            }
        }
        let link = at + 2 + count * 12;
        at = u32::from_le_bytes(file[link..link + 4].try_into().expect("four")) as usize;
    }
    file
}

/// A page of one large strip, 8000 pixels a side, compressed by some method.
fn strip(method: u16, data: Vec<u8>) -> Page {
    Page::grey(8000, 8000, 8, data).with(tags::COMPRESSION, short(method))
}

/// Tiles and strips whose cost would lie in what they unpack to.
pub(super) fn tiles() -> Vec<Bomb> {
    let gigabyte = deflated(&vec![0; 100 << 20]);
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
        .encode(&vec![0; 100 << 20])
        .expect("in memory");
    let zstd = zstd::bulk::compress(&vec![0; 100 << 20], 1).expect("in memory");
    let packed = [0x81, 0].repeat(1 << 20);
    vec![
        bomb(
            "100 MiB of Deflate in 64 MB",
            UNREADABLE,
            strip(8, gigabyte.clone()),
        ),
        bomb("100 MiB of Deflate in 4 kB", UNREADABLE, {
            Page::grey(64, 64, 8, gigabyte).with(tags::COMPRESSION, short(8))
        }),
        bomb("100 MiB of ZSTD in 64 MB", UNREADABLE, strip(50000, zstd)),
        bomb("100 MiB of LZW in 64 MB", "fine", strip(5, lzw)),
        bomb("128 MiB of runs in 64 MB", "fine", strip(32773, packed)),
        bomb(
            "runs that end too early",
            UNREADABLE,
            strip(32773, vec![0x81, 0]),
        ),
        bomb("bits that become bytes", TOO_LARGE, {
            Page::grey(20_000, 20_000, 1, deflated(&[0; 100])).with(tags::COMPRESSION, short(8))
        }),
        bomb("fax of white rows", "fine", {
            // A one is a row like the one above.
            Page::grey(65_000, 1000, 1, vec![0xFF; 125]).with(tags::COMPRESSION, short(4))
        }),
        bomb("fax of noise", UNREADABLE, {
            let noise = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
            Page::grey(65_000, 1000, 1, noise.collect()).with(tags::COMPRESSION, short(4))
        }),
        bomb("fax that goes back and forth", UNREADABLE, {
            // A row of changes in its last column but one, and one that passes them again and again.
            let fax = packed_bits(&[(0b010, 3, 1 << 20), (1, 1, 1), (0b000_0101, 7, 1 << 19)]);
            Page::grey(65_000, 1000, 1, fax).with(tags::COMPRESSION, short(4))
        }),
        bomb("a picture larger than its strip", UNREADABLE, {
            Page::grey(64, 64, 8, picture(0xC0, 65_500, 65_500, 0x11, 1))
                .with(tags::COMPRESSION, short(7))
        }),
        bomb("a picture larger than a strip may be", TOO_LARGE, {
            strip(7, picture(0xC2, 8000, 8000, 0x11, 1))
        }),
        bomb(
            "a picture of 64 MiB of coefficients and 2000 scans",
            UNREADABLE,
            {
                Page::grey(4000, 4000, 8, picture(0xC2, 4000, 4000, 0x11, 2000))
                    .with(tags::COMPRESSION, short(7))
            },
        ),
        // A scan without data changes nothing, so this is a sound picture of grey.
        bomb("a picture in blocks of 32 by 32 pixels", "fine", {
            Page::grey(4000, 4000, 8, picture(0xC2, 4000, 4000, 0x44, 1))
                .with(tags::COMPRESSION, short(7))
        }),
    ]
}

/// Codes of some bits, each a number of times.
fn packed_bits(codes: &[(u8, u32, usize)]) -> Vec<u8> {
    let bits: Vec<u8> = codes
        .iter()
        .flat_map(|&(code, len, times)| {
            let bits = (0..len).rev().map(move |at| code >> at & 1);
            std::iter::repeat_n(bits, times).flatten()
        })
        .collect();
    let bytes = bits.chunks(8);
    bytes
        .map(|bits| {
            bits.iter()
                .enumerate()
                .map(|(at, bit)| bit << (7 - at))
                .sum()
        })
        .collect()
}

/// A JPEG of one band: sound tables, a frame of a size, and scans of no data.
fn picture(frame: u8, width: u16, height: u16, sampling: u8, scans: usize) -> Vec<u8> {
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    jpeg.extend([1; 64]);
    // One code of one bit, for "no difference" and for "end of block".
    for class in [0x00, 0x10] {
        jpeg.extend([0xFF, 0xC4, 0, 20, class, 1]);
        jpeg.extend([0; 16]);
    }
    jpeg.extend([0xFF, frame, 0, 11, 8]);
    jpeg.extend(height.to_be_bytes());
    jpeg.extend(width.to_be_bytes());
    jpeg.extend([1, 1, sampling, 0]);
    for _ in 0..scans {
        jpeg.extend([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 0]);
    }
    jpeg.extend([0xFF, 0xD9]);
    jpeg
}
