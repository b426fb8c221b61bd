//! Tiles and strips of TIFF files: decoded to as many values as the header says, or refused.

use furrow_raster::tiff::{Image, Limits, Parsed, SparseBytes, TiffError, parse};

/// Images that are decoded in well under a millisecond.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 14,
    max_bands: 8,
    max_chunk_bytes: 1 << 16,
    max_chunks: 64,
    max_ifds: 4,
    max_entries: 64,
    max_tag_bytes: 4 << 10,
    max_header_bytes: 16 << 10,
    max_requests: 256,
};

/// Decodes every chunk of every image and mask in a file.
///
/// # Panics
/// Where a promise of `furrow_raster::tiff::Image::decode` is broken.
pub fn tiff_tiles(bytes: &[u8]) {
    let Ok(Parsed::Ready(tiff)) = parse(&SparseBytes::whole(bytes.to_vec()), &LIMITS) else {
        return;
    };
    for image in tiff.images.iter().chain(&tiff.masks) {
        decode(image, bytes);
    }
}

fn decode(image: &Image, file: &[u8]) {
    for band in 0..image.bands {
        if band > 0 && !image.is_planar {
            break; // the chunks of band 0 held all
        }
        for chunk in image.chunks_covering(band, image.full_window()) {
            let Some(range) = image.byte_range(chunk) else {
                continue;
            };
            let at = |place| usize::try_from(place).expect("inside a file at hand");
            let data = &file[at(range.start)..at(range.end)];
            let bands: Vec<u16> = if image.is_planar {
                vec![band]
            } else {
                (0..image.bands).collect()
            };
            let Ok(all) = image.decode(chunk, data, &bands) else {
                continue;
            };
            assert_eq!(all.len(), bands.len());
            for values in &all {
                assert_eq!(values.data_type(), image.data_type);
                let window = image.chunk_window(chunk);
                assert_eq!(values.len() as u64, window.pixel_count());
            }
            let last = bands[bands.len() - 1];
            let alone = image.decode(chunk, data, &[last]).expect("as before");
            assert_eq!(
                alone[0].to_le_bytes(),
                all[all.len() - 1].to_le_bytes(),
                "a band read alone differs from the same among others"
            );
            assert!(matches!(
                image.decode(chunk, data, &[image.bands]),
                Err(TiffError::NoSuchBand { .. })
            ));
        }
    }
}
