//! Where the pixels lie: the GeoTIFF keys and the tags of the affine transform.
//!
//! # Source
//! OGC 19-008r4 (GeoTIFF 1.1), chapters 7.1 to 7.5; pixel-is-point as GDAL reads it.

use super::bytes::Gap;
use super::directory::{Directory, Reader};
use super::{TiffError, tags};
use crate::crs::Crs;
use crate::grid::GeoTransform;

const MODEL_TYPE: u16 = 1024;
const RASTER_TYPE: u16 = 1025;
const CITATION: u16 = 1026;
const GEODETIC_CRS: u16 = 2048;
const GEODETIC_CITATION: u16 = 2049;
const PROJECTED_CRS: u16 = 3072;
const PROJECTED_CITATION: u16 = 3073;
const LINEAR_UNIT: u16 = 3076;

const MODEL_PROJECTED: u16 = 1;
const MODEL_GEOGRAPHIC: u16 = 2;
const PIXEL_IS_POINT: u16 = 2;
/// Characters of a citation that are kept; some writers put a whole definition there.
const CITATION_LEN: usize = 100;
/// The code that stands for "described by other keys".
const USER_DEFINED: u16 = 32767;

/// What a directory says about the place of its pixels.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Georeference {
    /// Code of the reference system.
    pub(super) epsg: Option<u32>,
    /// The reference system in words.
    pub(super) citation: Option<String>,
    /// GDAL's six coefficients, of the pixels' outer corners.
    pub(super) transform: Option<[f64; 6]>,
    /// Code of the unit of the plane's axes, where the file names one.
    pub(super) linear_unit: Option<u16>,
    /// Number of ground control points, where they stand in place of a transform.
    pub(super) control_points: usize,
}

#[derive(Debug, Default)]
struct Keys {
    is_present: bool,
    numbers: Vec<(u16, u16)>,
    texts: Vec<(u16, String)>,
}

impl Keys {
    fn number(&self, key: u16) -> Option<u16> {
        self.numbers
            .iter()
            .find_map(|&(id, value)| (id == key).then_some(value))
    }

    fn text(&self, key: u16) -> Option<&str> {
        self.texts
            .iter()
            .find_map(|(id, text)| (*id == key).then_some(text.as_str()))
    }

    fn epsg(&self) -> Option<u32> {
        let key = match self.number(MODEL_TYPE) {
            Some(MODEL_PROJECTED) => PROJECTED_CRS,
            Some(MODEL_GEOGRAPHIC) => GEODETIC_CRS,
            Some(_) => return None,
            None if self.number(PROJECTED_CRS).is_some() => PROJECTED_CRS,
            None => GEODETIC_CRS,
        };
        self.number(key)
            .filter(|code| !matches!(*code, 0 | USER_DEFINED))
            .map(u32::from)
    }

    fn citation(&self) -> Option<String> {
        let text = [PROJECTED_CITATION, CITATION, GEODETIC_CITATION]
            .into_iter()
            .find_map(|key| self.text(key));
        match text {
            Some(text) => Some(text.to_owned()),
            // Without words the keys still say that there is a system, only not a listed one.
            None if self.is_present && self.number(MODEL_TYPE).is_some() => {
                Some("user-defined".to_owned())
            }
            None => None,
        }
    }
}

pub(super) fn read(reader: &Reader<'_>, directory: &Directory) -> Result<Georeference, Gap> {
    let keys = keys(reader, directory)?;
    let is_point = keys.number(RASTER_TYPE) == Some(PIXEL_IS_POINT);
    let scale = reader.doubles(directory, tags::MODEL_PIXEL_SCALE)?;
    let points = reader
        .doubles(directory, tags::MODEL_TIEPOINT)?
        .unwrap_or_default();
    let matrix = reader.doubles(directory, tags::MODEL_TRANSFORMATION)?;
    let transform = match (scale.as_deref(), points.as_slice(), matrix.as_deref()) {
        (Some([width, height, ..]), [col, row, _, x, y, _, ..], _)
            if *width != 0.0 && *height != 0.0 =>
        {
            // A negative height means north up too: writers and GDAL agree on that, the standard not.
            let height = height.abs();
            Some([x - col * width, *width, 0.0, y + row * height, 0.0, -height])
        }
        // Row by row of a 4 x 4 matrix; its third column and row are for heights.
        (_, _, Some(matrix)) => matrix
            .get(..8)
            .map(|m| [m[3], m[0], m[1], m[7], m[4], m[5]]),
        _ => None,
    };
    Ok(Georeference {
        epsg: keys.epsg(),
        citation: keys.citation(),
        linear_unit: keys.number(LINEAR_UNIT),
        transform: transform.map(|found| if is_point { corner(found) } else { found }),
        control_points: if transform.is_none() {
            points.len() / 6
        } else {
            0
        },
    })
}

/// The transform of the pixels' corners, of one that holds for their centres.
fn corner(centre: [f64; 6]) -> [f64; 6] {
    let mut corner = centre;
    corner[0] -= 0.5 * (centre[1] + centre[2]);
    corner[3] -= 0.5 * (centre[4] + centre[5]);
    corner
}

fn keys(reader: &Reader<'_>, directory: &Directory) -> Result<Keys, Gap> {
    let most = 4 * (reader.limits().max_entries + 1);
    let Some(shorts) = reader.unsigned(directory, tags::GEO_KEY_DIRECTORY, most)? else {
        return Ok(Keys::default());
    };
    let ascii = reader
        .text(directory, tags::GEO_ASCII_PARAMS)?
        .unwrap_or_default();
    let mut keys = Keys {
        is_present: true,
        ..Keys::default()
    };
    let (rows, _) = shorts.as_chunks::<4>();
    let count = rows.first().map_or(0, |head| head[3]);
    for &[key, place, len, value] in rows.iter().skip(1) {
        if (keys.numbers.len() + keys.texts.len()) as u64 >= count {
            break;
        }
        let (Ok(key), Ok(value)) = (u16::try_from(key), u16::try_from(value)) else {
            return Err(TiffError::corrupt("a GeoTIFF key", key, "0 to 65535").into());
        };
        if place == 0 {
            keys.numbers.push((key, value));
        } else {
            let is_citation = [PROJECTED_CITATION, CITATION, GEODETIC_CITATION].contains(&key);
            let text = if is_citation && place == u64::from(tags::GEO_ASCII_PARAMS) {
                cut(&ascii, usize::from(value), len)
            } else {
                String::new()
            };
            keys.texts.push((key, text));
        }
    }
    Ok(keys)
}

/// A part of the text that all keys share, without the bar that ends it.
fn cut(ascii: &str, from: usize, len: u64) -> String {
    let len = usize::try_from(len).map_or(CITATION_LEN, |len| len.min(CITATION_LEN));
    let part: String = ascii.chars().skip(from).take(len).collect();
    part.trim_end_matches(['|', '\0', ' ']).to_owned()
}

/// Refuses a plane in another unit than its reference system has: its coordinates are others then.
/// International feet and those of the US, which writers mix up, differ by two millionths.
pub(super) fn check_unit(found: &Georeference, epsg: u32) -> Result<(), TiffError> {
    let metres = match found.linear_unit {
        Some(9001) => 1.0,
        Some(9002) => 0.3048,
        Some(9003) => 1200.0 / 3937.0,
        _ => return Ok(()),
    };
    match Crs::from_epsg(epsg) {
        Ok(crs) if !crs.is_geographic() && (crs.metres_per_unit() / metres - 1.0).abs() > 1e-5 => {
            let found = format!("{metres} m on EPSG:{epsg}");
            let allowed = "the reference system's own";
            Err(TiffError::unsupported("a unit of", found, allowed))
        }
        // Systems that are not known are refused where points are carried to them.
        _ => Ok(()),
    }
}

/// The transform as a north-up grid's.
pub(super) fn north_up(found: &Georeference) -> Result<GeoTransform, TiffError> {
    const ALLOWED: &str = "a north-up grid by scale and origin";
    let Some(numbers) = found.transform else {
        return Err(match found.control_points {
            0 => TiffError::NotGeoreferenced {
                missing: "transform",
            },
            count => TiffError::unsupported(
                "georeferencing by",
                format!("{count} ground control points"),
                ALLOWED,
            ),
        });
    };
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(TiffError::corrupt(
            "the transform",
            format!("{numbers:?}"),
            "finite numbers",
        ));
    }
    let [origin_x, width, row_turn, origin_y, column_turn, height] = numbers;
    if row_turn != 0.0 || column_turn != 0.0 {
        return Err(TiffError::unsupported(
            "a grid turned by",
            format!("({row_turn}, {column_turn})"),
            ALLOWED,
        ));
    }
    if width <= 0.0 || height >= 0.0 {
        let (what, found) = if height >= 0.0 {
            ("a grid whose rows run", "north")
        } else {
            ("a grid whose columns run", "west")
        };
        return Err(TiffError::unsupported(what, found, ALLOWED));
    }
    Ok(GeoTransform {
        origin_x,
        origin_y,
        pixel_width: width,
        pixel_height: -height,
    })
}
