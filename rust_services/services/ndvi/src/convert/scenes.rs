//! Scenes, their bands and their masks.

use std::collections::HashSet;

use furrow_raster::mask::{ClassSet, Rule};
use furrow_rpc::ndvi::v1 as proto;

use super::{Converted, band_place, counted, finite, finite_if_given, named, refuse, sized};
use crate::request::{BandSpec, MaskSpec, Radiometry, SceneSpec};

/// Limits of the contract.
const MAX_SCENES: usize = 8;
const MAX_BANDS: usize = 32;
const MAX_MASKS: usize = 4;
const MAX_DILATION_M: f64 = 1000.0;

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
