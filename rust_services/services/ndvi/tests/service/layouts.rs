//! How files are cut into strips or tiles decides how the scene is cut into blocks, and nothing else.

use furrow_raster::grid::Grid;
use furrow_rpc::ndvi::v1 as proto;

use crate::support::{
    Running, Summaries, band, classes, degrees, field, grid, index, key, scenes, start, summarize,
    wkb,
};

/// How a file is cut.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// Rows of a strip.
    Strips(u32),
    /// Columns and rows of a tile.
    Tiles(u32, u32),
}

/// An uncompressed TIFF of 16-bit integers in degrees, from a value for each column and row.
pub fn tiff(grid: &Grid, layout: Layout, value: impl Fn(u32, u32) -> u16) -> Vec<u8> {
    tiff_with_gaps(grid, layout, None, |_, _| false, value)
}

/// The same with a nodata value, and without the strips and tiles whose first column and row say so.
pub fn tiff_with_gaps(
    grid: &Grid,
    layout: Layout,
    nodata: Option<u16>,
    is_left_out: impl Fn(u32, u32) -> bool,
    value: impl Fn(u32, u32) -> u16,
) -> Vec<u8> {
    let (width, height, tags) = match layout {
        Layout::Strips(rows) => (grid.width, rows.min(grid.height), [278, 273, 279]),
        Layout::Tiles(width, height) => (width, height, [323, 324, 325]),
    };
    let mut file = b"II\x2a\0\0\0\0\0".to_vec();
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for top in (0..grid.height).step_by(height as usize) {
        for left in (0..grid.width).step_by(width as usize) {
            if is_left_out(left, top) {
                offsets.push(0);
                lengths.push(0);
                continue;
            }
            let start = file.len();
            // A tile is stored whole; the last strip ends with the image.
            let bottom = match layout {
                Layout::Strips(_) => grid.height.min(top + height),
                Layout::Tiles(..) => top + height,
            };
            for row in top..bottom {
                for col in left..left + width {
                    let inside = col < grid.width && row < grid.height;
                    let number = if inside { value(col, row) } else { 7 };
                    file.extend(number.to_le_bytes());
                }
            }
            offsets.push(to_u32(start));
            lengths.push(to_u32(file.len() - start));
        }
    }
    let transform = &grid.transform;
    let scale = [transform.pixel_width, transform.pixel_height, 0.0];
    let corner = [0.0, 0.0, 0.0, transform.origin_x, transform.origin_y, 0.0];
    let keys: [u16; 12] = [1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326];
    let long = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    let double = |numbers: &[f64]| numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    let mut entries: Vec<(u16, u16, usize, Vec<u8>)> = vec![
        (256, 4, 1, long(&[grid.width])),
        (257, 4, 1, long(&[grid.height])),
        (258, 4, 1, long(&[16])),
        (tags[0], 4, 1, long(&[height])),
        (tags[1], 4, offsets.len(), long(&offsets)),
        (tags[2], 4, lengths.len(), long(&lengths)),
        (33_550, 12, 3, double(&scale)),
        (33_922, 12, 6, double(&corner)),
        (
            34_735,
            3,
            12,
            keys.iter().flat_map(|n| n.to_le_bytes()).collect(),
        ),
    ];
    if tags[0] == 323 {
        entries.push((322, 4, 1, long(&[width])));
    }
    if let Some(nodata) = nodata {
        let text = format!("{nodata}\0").into_bytes();
        entries.push((42_113, 2, text.len(), text));
    }
    entries.sort_by_key(|(tag, ..)| *tag);
    let mut table = u16::try_from(entries.len())
        .expect("few")
        .to_le_bytes()
        .to_vec();
    for (tag, kind, count, mut bytes) in entries {
        if bytes.len() > 4 {
            let at = to_u32(file.len());
            file.append(&mut bytes);
            bytes = at.to_le_bytes().to_vec();
        }
        bytes.resize(4, 0);
        table.extend(tag.to_le_bytes());
        table.extend(kind.to_le_bytes());
        table.extend(to_u32(count).to_le_bytes());
        table.extend(bytes);
    }
    let directory = to_u32(file.len());
    file[4..8].copy_from_slice(&directory.to_le_bytes());
    file.extend(table);
    file.extend([0; 4]);
    file
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).expect("small files")
}

/// Numbers that differ from pixel to pixel, with gaps of 0 and blinded pixels of 65,535.
fn scattered(seed: u32) -> impl Fn(u32, u32) -> u16 {
    move |col, row| {
        let mixed = (col ^ row.rotate_left(16) ^ seed).wrapping_mul(2_654_435_761) >> 8;
        match mixed % 997 {
            0..=4 => 0,
            5 => u16::MAX,
            rest => u16::try_from(rest * 9).expect("below 9000"),
        }
    }
}

/// A cloud of class 9 in every 50th column and row of a layer that starts north-west of the scene.
fn clouds(col: u32, row: u32) -> u16 {
    if col % 50 < 3 && row % 50 < 2 { 9 } else { 4 }
}

fn request() -> proto::SummarizeFieldsRequest {
    let of_numbers = |name: &str| proto::Band {
        scale: 0.0001,
        offset: 0.01,
        nodata: Some(0.0),
        max_digital_number: Some(10_000.0),
        ..band(name, key(&format!("{name}.tif")))
    };
    let bands = ["red", "nir", "swir16"].map(of_numbers).to_vec();
    let point = |col: f64, row: f64| (5.0 + col * 0.001, 52.0 - row * 0.001);
    let slanted = |left: f64, top: f64, size: f64| {
        let corners = [(0.1, 0.0), (1.0, 0.2), (0.8, 1.0), (0.0, 0.7), (0.1, 0.0)];
        let ring = corners.map(|(x, y)| point(left + x * size, top + y * size));
        wkb(&[vec![ring.to_vec()]])
    };
    proto::SummarizeFieldsRequest {
        scenes: scenes(bands, vec![classes(key("scl.tif"), &[9], 400.0)]),
        indices: vec![
            proto::IndexFormula {
                valid_min: Some(-0.7),
                valid_max: Some(0.7),
                ..index("ndvi", "(nir - red) / (nir + red)")
            },
            index("ndmi", "(nir - swir16) / (nir + swir16)"),
        ],
        fields: vec![
            field("all", slanted(-40.0, -40.0, 1700.0)),
            field("middle", slanted(900.3, 580.7, 250.0)),
            field("corner", slanted(1400.2, 1250.9, 300.0)),
            field("small", slanted(1020.2, 1022.4, 6.0)),
            field("edge", slanted(-3.5, 700.1, 12.0)),
        ],
        quantiles: vec![0.1, 0.9],
        histogram_bins: 8,
    }
}

async fn summaries(running: &Running, layout: Layout) -> Summaries {
    let fine = degrees(1500, 1300);
    let coarse = grid(750, 650, (5.0, 52.0), 0.002, 4326);
    let layer = grid(780, 680, (4.981, 52.021), 0.002, 4326);
    running.put("red.tif", &tiff(&fine, layout, scattered(1)));
    running.put("nir.tif", &tiff(&fine, layout, scattered(2)));
    running.put("swir16.tif", &tiff(&coarse, layout, scattered(3)));
    running.put("scl.tif", &tiff(&layer, layout, clouds));
    summarize(running, request()).await.expect("answers")
}

/// Everything that sums and sorts exactly, to the last bit; mean and spread depend on the order of
/// additions and are compared apart.
fn exact(summary: &proto::FieldSummary) -> proto::FieldSummary {
    proto::FieldSummary {
        mean: None,
        standard_deviation: None,
        histogram: Vec::new(),
        ..summary.clone()
    }
}

#[tokio::test]
async fn numbers_do_not_depend_on_how_the_files_are_cut() {
    let running = start().await;
    let wanted = summaries(&running, Layout::Tiles(256, 256)).await;
    assert_eq!(wanted.len(), 10);
    let all = &wanted[&("all".to_owned(), "ndvi".to_owned())];
    let (valid, clear) = (all.valid_share, all.clear_share);
    assert!(
        0.5 < valid && valid < clear && clear < 0.99,
        "{valid}, {clear}"
    );

    for layout in [
        Layout::Strips(1),
        Layout::Strips(7),
        Layout::Strips(1300),
        Layout::Tiles(64, 16),
        Layout::Tiles(2048, 2048),
    ] {
        let found = summaries(&running, layout).await;

        for (of, wanted) in &wanted {
            let found = &found[of];
            assert_eq!(exact(found), exact(wanted), "{of:?} of {layout:?}");
            let pairs = found.histogram.iter().zip(&wanted.histogram);
            let means = found.mean.iter().zip(&wanted.mean);
            let spreads = found
                .standard_deviation
                .iter()
                .zip(&wanted.standard_deviation);
            for (found, wanted) in pairs.chain(means).chain(spreads) {
                let apart = (found - wanted).abs();
                assert!(
                    apart <= 1e-9 * wanted.abs().max(1.0),
                    "{of:?} of {layout:?}"
                );
            }
        }
    }
}
