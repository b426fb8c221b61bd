//! From messages to the service's own words, and back. Every limit that the contract states is
//! checked here.

use std::collections::{BTreeMap, HashMap, HashSet};

use furrow_index::{Formula, ValidRange};
use furrow_raster::grid::Grid;
use furrow_raster::mask::{ClassSet, Rule};
use furrow_raster::outline::{Outline, OutlineLimits};
use furrow_raster::png::{ColourRamp, ColourStop};
use furrow_raster::zonal::Summary;
use furrow_rpc::common::v1 as common;
use furrow_rpc::ndvi::v1 as proto;

use crate::request::{BandPlace, BandSpec, FieldSpec, IndexSpec, MaskSpec, Radiometry, SceneSpec};
use crate::status::NdviError;
use crate::store::Location;
use crate::write::FORMULA_TAG;

/// Limits of the contract.
const MAX_SCENES: usize = 8;
const MAX_BANDS: usize = 32;
const MAX_MASKS: usize = 4;
const MAX_INDICES: usize = 32;
const MAX_FIELDS: usize = 10_000;
const MAX_QUANTILES: usize = 16;
const MAX_CONSTANTS: usize = 32;
const MAX_DILATION_M: f64 = 1000.0;
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

/// Scenes, the preferred one first.
pub(crate) fn scenes(scenes: Vec<proto::Scene>) -> Converted<Vec<SceneSpec>> {
    counted("scenes", scenes.len(), 1, MAX_SCENES)?;
    let scenes = scenes.into_iter().enumerate();
    scenes
        .map(|(place, given)| scene_named(&format!("scenes[{place}]"), given))
        .collect()
}

/// The scene of a request that takes one.
pub(crate) fn scene(scene: Option<proto::Scene>) -> Converted<SceneSpec> {
    match scene {
        Some(scene) => scene_named("scene", scene),
        None => refuse("scene", "is missing"),
    }
}

fn scene_named(field: &str, scene: proto::Scene) -> Converted<SceneSpec> {
    sized(&format!("{field}.scene_id"), &scene.scene_id, 128)?;
    counted(&format!("{field}.bands"), scene.bands.len(), 1, MAX_BANDS)?;
    counted(&format!("{field}.masks"), scene.masks.len(), 0, MAX_MASKS)?;
    let bands = scene.bands.into_iter().enumerate();
    let bands: Vec<BandSpec> = bands
        .map(|(place, given)| band(&format!("{field}.bands[{place}]"), given))
        .collect::<Converted<_>>()?;
    let mut names = HashSet::new();
    if let Some(twice) = bands.iter().find(|band| !names.insert(band.name.as_str())) {
        return refuse(
            format!("{field}.bands"),
            format!("has two bands {:?}", twice.name),
        );
    }
    let masks = scene.masks.into_iter().enumerate();
    Ok(SceneSpec {
        scene_id: scene.scene_id,
        masks: masks
            .map(|(place, given)| mask(&format!("{field}.masks[{place}]"), given))
            .collect::<Converted<_>>()?,
        bands,
    })
}

fn band(field: &str, band: proto::Band) -> Converted<BandSpec> {
    named(&format!("{field}.name"), &band.name)?;
    let scale = finite(&format!("{field}.scale"), band.scale)?;
    if scale.abs() <= 0.0 {
        return refuse(
            format!("{field}.scale"),
            "is 0; every pixel would be the same",
        );
    }
    let limit = |name: &str, value| finite_if_given(&format!("{field}.{name}"), value);
    Ok(BandSpec {
        place: band_place(field, band.object, band.band_number)?,
        radiometry: Radiometry {
            scale,
            offset: finite(&format!("{field}.offset"), band.offset)?,
            // NaN is a usual nodata value of floats.
            nodata: band.nodata,
            min_digital_number: limit("min_digital_number", band.min_digital_number)?,
            max_digital_number: limit("max_digital_number", band.max_digital_number)?,
        },
        name: band.name,
    })
}

fn mask(field: &str, mask: proto::MaskLayer) -> Converted<MaskSpec> {
    use proto::mask_layer::Rule as Given;
    let dilation_m = finite(&format!("{field}.dilation_m"), mask.dilation_m)?;
    if !(0.0..=MAX_DILATION_M).contains(&dilation_m) {
        let reason = format!("is {dilation_m}; 0 to {MAX_DILATION_M} are allowed");
        return refuse(format!("{field}.dilation_m"), reason);
    }
    let rule = match mask.rule {
        None => return refuse(field, "has no rule"),
        Some(Given::Bits(bits)) => Rule::Bits {
            masked: bits.masked,
            dilated: bits.dilated,
        },
        Some(Given::Classes(classes)) => Rule::Classes {
            masked: class_set(&format!("{field}.classes.masked"), classes.masked)?,
            dilated: class_set(&format!("{field}.classes.dilated"), classes.dilated)?,
        },
    };
    Ok(MaskSpec {
        place: band_place(field, mask.object, mask.band_number)?,
        rule,
        dilation_m,
    })
}

/// Classes below 256.
pub(crate) fn class_set(field: &str, classes: Vec<u32>) -> Converted<ClassSet> {
    match ClassSet::new(classes) {
        Some(set) => Ok(set),
        None => refuse(field, "has a class above 255"),
    }
}

/// Indices over the bands of scenes; each scene has all that the formulas name.
pub(crate) fn indices(
    indices: Vec<proto::IndexFormula>,
    scenes: &[SceneSpec],
) -> Converted<Vec<IndexSpec>> {
    counted("indices", indices.len(), 1, MAX_INDICES)?;
    let indices = indices.into_iter().enumerate();
    let indices: Vec<IndexSpec> = indices
        .map(|(place, given)| index(&format!("indices[{place}]"), given, scenes))
        .collect::<Converted<_>>()?;
    let mut names = HashSet::new();
    match indices
        .iter()
        .find(|index| !names.insert(index.name.as_str()))
    {
        Some(twice) => refuse("indices", format!("has two indices {:?}", twice.name)),
        None => Ok(indices),
    }
}

/// The one index of a picture or file.
pub(crate) fn one_index(
    given: Option<proto::IndexFormula>,
    scenes: &[SceneSpec],
) -> Converted<IndexSpec> {
    match given {
        Some(given) => index("index", given, scenes),
        None => refuse("index", "is missing"),
    }
}

fn index(field: &str, given: proto::IndexFormula, scenes: &[SceneSpec]) -> Converted<IndexSpec> {
    let [scene, further @ ..] = scenes else {
        return refuse("scenes", "is empty");
    };
    named(&format!("{field}.name"), &given.name)?;
    let constants: BTreeMap<String, f64> = given.constants.into_iter().collect();
    counted(
        &format!("{field}.constants"),
        constants.len(),
        0,
        MAX_CONSTANTS,
    )?;
    for (name, value) in &constants {
        named(&format!("{field}.constants"), name)?;
        finite(&format!("{field}.constants[{name}]"), *value)?;
        let mut bands = scenes.iter().flat_map(|scene| &scene.bands);
        if bands.any(|band| band.name == *name) {
            let reason = format!("names the band {name:?} as a constant");
            return refuse(format!("{field}.constants"), reason);
        }
    }
    let valid = ValidRange {
        min: finite_if_given(&format!("{field}.valid_min"), given.valid_min)?,
        max: finite_if_given(&format!("{field}.valid_max"), given.valid_max)?,
    };
    if let (Some(min), Some(max)) = (valid.min, valid.max)
        && min >= max
    {
        return refuse(format!("{field}.valid_max"), "must be above valid_min");
    }
    let band_names = scene.bands.iter().map(|band| band.name.as_str());
    let names: Vec<&str> = band_names
        .chain(constants.keys().map(String::as_str))
        .collect();
    let formula = Formula::parse(&given.formula, &names).map_err(|source| NdviError::Formula {
        index: given.name.clone(),
        source,
    })?;
    let place = |name: &String| scene.bands.iter().position(|band| band.name == *name);
    let bands: Vec<usize> = formula.names().iter().filter_map(place).collect();
    if bands.is_empty() {
        return refuse(format!("{field}.formula"), "names no band");
    }
    let index = IndexSpec {
        name: given.name,
        formula,
        bands,
        constants,
        valid,
    };
    for (place, other) in (1..).zip(further) {
        index.of_scene(scene, other).map_err(|band| {
            let reason = format!(
                "has no band {band:?}, which the index {:?} needs of every scene (this is {:?})",
                index.name, other.scene_id
            );
            NdviError::request(format!("scenes[{place}].bands"), reason)
        })?;
    }
    Ok(index)
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

/// A grid as a message.
pub(crate) fn grid_message(grid: &Grid) -> common::Grid {
    common::Grid {
        epsg: grid.epsg,
        width: grid.width,
        height: grid.height,
        geotransform: grid.transform.to_gdal().to_vec(),
    }
}

/// A summary as a message.
pub(crate) fn summary_message(summary: Summary, scene_pixels: Vec<f64>) -> proto::FieldSummary {
    let values = summary.values;
    proto::FieldSummary {
        covered_pixels: summary.covered_pixels,
        covered_area_m2: summary.covered_area_m2,
        outline_area_m2: summary.outline_area_m2,
        effective_pixels: summary.effective_pixels,
        scene_pixels,
        valid_share: summary.valid_share,
        clear_share: summary.clear_share,
        edge_share: summary.edge_share,
        mean: values.as_ref().map(|values| values.mean),
        standard_deviation: values.as_ref().map(|values| values.standard_deviation),
        min: values.as_ref().map(|values| values.min),
        max: values.as_ref().map(|values| values.max),
        median: values.as_ref().map(|values| values.median),
        quantiles: values.map(|values| values.quantiles).unwrap_or_default(),
        histogram: summary.histogram,
    }
}
