//! Indices over the bands of scenes.

use std::collections::{BTreeMap, HashSet};

use furrow_index::{Formula, ValidRange};
use furrow_rpc::ndvi::v1 as proto;

use super::{Converted, counted, finite, finite_if_given, named, refuse};
use crate::request::{IndexSpec, SceneSpec};
use crate::status::NdviError;

/// Limits of the contract.
const MAX_INDICES: usize = 32;
const MAX_CONSTANTS: usize = 32;

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
