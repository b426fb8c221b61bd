//! From messages to the service's own words, and back. Every limit that the contract states is
//! checked here.

mod answers;
mod indices;
mod scenes;

use std::collections::{BTreeMap, HashMap, HashSet};

use furrow_raster::outline::{Outline, OutlineLimits};
use furrow_raster::png::{ColourRamp, ColourStop};
use furrow_rpc::common::v1 as common;
use furrow_rpc::ndvi::v1 as proto;

use crate::request::{BandPlace, FieldSpec};
use crate::status::NdviError;
use crate::store::Location;
use crate::write::FORMULA_TAG;
pub(crate) use answers::{grid_message, summary_message};
pub(crate) use indices::{indices, one_index};
pub(crate) use scenes::{class_set, scene, scenes};

/// Limits of the contract.
const MAX_FIELDS: usize = 10_000;
const MAX_QUANTILES: usize = 16;
const MAX_TAGS: usize = 32;
const MAX_TAG_NAME_BYTES: usize = 64;
const MAX_TAG_BYTES: usize = 1 << 10;

type Converted<T> = Result<T, NdviError>;

fn refuse<T>(field: impl Into<String>, reason: impl Into<String>) -> Converted<T> {
    Err(NdviError::request(field, reason))
}

/// Refuses lists that are too short or too long.
fn counted(field: &str, found: usize, least: usize, most: usize) -> Converted<()> {
    if (least..=most).contains(&found) {
        Ok(())
    } else {
        refuse(
            field,
            format!("has {found} entries; {least} to {most} are allowed"),
        )
    }
}

/// Refuses texts of too few or too many bytes.
fn sized(field: &str, text: &str, most: usize) -> Converted<()> {
    if (1..=most).contains(&text.len()) {
        Ok(())
    } else {
        refuse(
            field,
            format!("has {} bytes; 1 to {most} are allowed", text.len()),
        )
    }
}

/// Refuses names that formulas cannot hold.
fn named(field: &str, name: &str) -> Converted<()> {
    sized(field, name, 32)?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.bytes().all(plain) {
        Ok(())
    } else {
        refuse(
            field,
            format!("is {name:?}; only a-z, 0-9 and _ are allowed"),
        )
    }
}

fn finite(field: &str, number: f64) -> Converted<f64> {
    if number.is_finite() {
        Ok(number)
    } else {
        refuse(field, "must be a finite number")
    }
}

fn finite_if_given(field: &str, number: Option<f64>) -> Converted<Option<f64>> {
    number.map(|number| finite(field, number)).transpose()
}

/// Where an object lies.
pub(crate) fn location(field: &str, object: Option<common::ObjectRef>) -> Converted<Location> {
    use common::object_ref::Location as Given;
    let found = match object.and_then(|object| object.location) {
        None => Err("names no object".to_owned()),
        Some(Given::Key(key)) => Location::key(&key),
        Some(Given::Url(url)) => Location::url(&url),
    };
    found.map_err(|reason| NdviError::request(field, reason))
}

fn band_place(
    field: &str,
    object: Option<common::ObjectRef>,
    band_number: u32,
) -> Converted<BandPlace> {
    if band_number == 0 {
        return refuse(format!("{field}.band_number"), "is 0; bands count from 1");
    }
    Ok(BandPlace {
        location: location(&format!("{field}.object"), object)?,
        band_number,
    })
}

/// Fields with different ids.
pub(crate) fn fields(given: Vec<proto::FieldOutline>) -> Converted<Vec<FieldSpec>> {
    counted("fields", given.len(), 1, MAX_FIELDS)?;
    let mut ids = HashSet::new();
    let mut fields = Vec::with_capacity(given.len());
    for (place, field) in given.into_iter().enumerate() {
        sized(&format!("fields[{place}].field_id"), &field.field_id, 64)?;
        if !ids.insert(field.field_id.clone()) {
            return refuse("fields", format!("has two fields {:?}", field.field_id));
        }
        fields.push(FieldSpec {
            outline: outline(&field.outline_wkb, &field.field_id)?,
            field_id: field.field_id,
        });
    }
    Ok(fields)
}

/// An outline in WGS 84.
pub(crate) fn outline(wkb: &[u8], field_id: &str) -> Converted<Outline> {
    Outline::from_wkb(wkb, &OutlineLimits::default()).map_err(|source| NdviError::Outline {
        field_id: field_id.to_owned(),
        source,
    })
}

/// Quantiles above 0 and below 1.
pub(crate) fn quantiles(quantiles: Vec<f64>) -> Converted<Vec<f64>> {
    counted("quantiles", quantiles.len(), 0, MAX_QUANTILES)?;
    if quantiles.iter().all(|q| *q > 0.0 && *q < 1.0) {
        Ok(quantiles)
    } else {
        refuse("quantiles", "must be above 0 and below 1")
    }
}

/// Bins of a histogram.
pub(crate) fn histogram_bins(bins: u32) -> Converted<usize> {
    if bins <= 256 {
        Ok(bins as usize)
    } else {
        refuse(
            "histogram_bins",
            format!("is {bins}; at most 256 are allowed"),
        )
    }
}

/// Tags of a file, none of which is its own.
pub(crate) fn tags(tags: HashMap<String, String>) -> Converted<BTreeMap<String, String>> {
    counted("tags", tags.len(), 0, MAX_TAGS)?;
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    for (name, value) in &tags {
        if !(1..=MAX_TAG_NAME_BYTES).contains(&name.len()) || !name.bytes().all(plain) {
            return refuse("tags", "has a name that is not 1 to 64 of A-Z, 0-9 and _");
        }
        if name == FORMULA_TAG {
            return refuse("tags", format!("has {name}, which the file says itself"));
        }
        let field = format!("tags[{name}]");
        if value.len() > MAX_TAG_BYTES {
            let found = value.len();
            return refuse(
                field,
                format!("has {found} bytes; at most {MAX_TAG_BYTES} are allowed"),
            );
        }
        // What XML cannot hold even escaped.
        if value.contains(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')) {
            return refuse(field, "has a control character");
        }
    }
    Ok(tags.into_iter().collect())
}

/// A colour ramp of 2 to 64 stops.
pub(crate) fn ramp(stops: &[common::ColourStop]) -> Converted<ColourRamp> {
    counted("stops", stops.len(), 2, 64)?;
    let stops = stops
        .iter()
        .map(|stop| {
            let [_, red, green, blue] = stop.rgb.to_be_bytes();
            if stop.rgb > 0x00ff_ffff {
                return refuse("stops", format!("has the colour {:#x}", stop.rgb));
            }
            Ok(ColourStop {
                value: finite("stops", stop.value)?,
                rgb: [red, green, blue],
            })
        })
        .collect::<Converted<_>>()?;
    ColourRamp::new(stops)
        .map_err(|error| NdviError::request("stops", format!("are refused: {error}")))
}
