//! What the writer of cloud-optimized files writes, the reader reads.
#![expect(
    clippy::disallowed_methods,
    reason = "the helpers that are shared read one variable"
)]

#[expect(dead_code, reason = "the files here are made, not shared")]
mod support;

use std::collections::BTreeMap;

use furrow_raster::cog::{self, CogSpec, Compression, Encoding, TileSize};
use furrow_raster::grid::{GeoTransform, Grid};
use support::{open, read_band};

const SIZE: (u32, u32) = (700, 530);

fn spec(encoding: Encoding, compression: Compression) -> CogSpec {
    CogSpec {
        grid: Grid {
            width: SIZE.0,
            height: SIZE.1,
            transform: GeoTransform {
                origin_x: 501_360.0,
                origin_y: 5_629_680.0,
                pixel_width: 10.0,
                pixel_height: 10.0,
            },
            epsg: 32631,
        },
        is_geographic: false,
        tile_size: TileSize::Px256,
        encoding,
        compression,
        description: "nd<vi> & \"more\"".to_owned(),
        tags: BTreeMap::from([(
            "A & B".to_owned(),
            "a < b && c > 'd' &amp; \"e\"".to_owned(),
        )]),
    }
}

/// Values of ten-thousandths with gaps, so that both encodings hold them.
fn values() -> Vec<f32> {
    let steps = (-9_999_i16..=9_999).cycle().zip((0..11).cycle());
    let value = |(step, place)| match place {
        0 => f32::NAN,
        _ => f32::from(step) / 10_000.0,
    };
    steps.map(value).take((SIZE.0 * SIZE.1) as usize).collect()
}

#[test]
fn every_encoding_and_codec_gives_values_words_and_place_back() {
    for encoding in [Encoding::Float32, Encoding::Int16] {
        for compression in [Compression::Deflate, Compression::Zstd] {
            let spec = spec(encoding, compression);
            let file = cog::write(&spec, &values()).unwrap();

            let (tiff, requests) = open(&file).unwrap();

            assert_eq!(requests, 1);
            assert_eq!(tiff.grid().unwrap(), spec.grid);
            assert_eq!(tiff.tags, spec.tags);
            let band = &tiff.bands[0];
            assert_eq!(band.description.as_ref(), Some(&spec.description));
            let scale = band.scale.unwrap_or(1.0);
            let found = read_band(&file, tiff.full(), 0, f64::NAN).unwrap();
            for (found, wanted) in found.into_iter().zip(values()) {
                let is_gap = found.is_nan() || Some(found) == band.nodata;
                assert_eq!(is_gap, wanted.is_nan());
                assert!(is_gap || (found * scale - f64::from(wanted)).abs() < 1e-7);
            }
        }
    }
}
