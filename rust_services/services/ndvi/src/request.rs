//! What a request asks for, in the service's own words.

use std::collections::BTreeMap;

use furrow_index::{Formula, ValidRange};
use furrow_raster::mask::Rule;
use furrow_raster::outline::Outline;

use crate::store::Location;

/// One acquisition.
#[derive(Debug, Clone)]
pub struct SceneSpec {
    /// Name in logs.
    pub scene_id: String,
    /// Bands, 1 to 32.
    pub bands: Vec<BandSpec>,
    /// Mask layers, 0 to 4.
    pub masks: Vec<MaskSpec>,
}

/// A band of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BandPlace {
    /// The file.
    pub location: Location,
    /// Band of it, from 1.
    pub band_number: u32,
}

/// A band of a scene.
#[derive(Debug, Clone)]
pub struct BandSpec {
    /// Name in formulas.
    pub name: String,
    /// Where its pixels are.
    pub place: BandPlace,
    /// What its digital numbers mean.
    pub radiometry: Radiometry,
}

/// How digital numbers become reflectance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radiometry {
    /// Reflectance of one digital number.
    pub scale: f64,
    /// Reflectance of digital number 0.
    pub offset: f64,
    /// Digital number that means "no data"; None: what the file says.
    pub nodata: Option<f64>,
    /// Smallest measurement; smaller ones are no data.
    pub min_digital_number: Option<f64>,
    /// Largest measurement; larger ones are saturated.
    pub max_digital_number: Option<f64>,
}

/// What a digital number is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// A measurement.
    Number(f64),
    /// Nothing.
    NoData,
    /// More than the sensor can measure.
    Saturated,
}

impl Radiometry {
    /// Tells measurements from what is none.
    pub fn read(&self, digital_number: f64) -> Reading {
        // The file's nodata is compared as stored, so equality is exact.
        let is_nodata = self.nodata == Some(digital_number);
        let too_small = self
            .min_digital_number
            .is_some_and(|min| digital_number < min);
        if is_nodata || !digital_number.is_finite() || too_small {
            Reading::NoData
        } else if self
            .max_digital_number
            .is_some_and(|max| digital_number > max)
        {
            Reading::Saturated
        } else {
            Reading::Number(digital_number)
        }
    }

    /// Reflectance of a digital number.
    pub fn reflectance(&self, digital_number: f64) -> f64 {
        digital_number * self.scale + self.offset
    }
}

/// A mask layer of a scene.
#[derive(Debug, Clone)]
pub struct MaskSpec {
    /// Where its pixels are.
    pub place: BandPlace,
    /// How its values are judged.
    pub rule: Rule,
    /// Radius by which dilated values grow, metres.
    pub dilation_m: f64,
}

/// An index.
#[derive(Debug, Clone)]
pub struct IndexSpec {
    /// Name of the answer.
    pub name: String,
    /// The formula; names at least one band.
    pub formula: Formula,
    /// The bands that the formula names, as places in the scene's list.
    pub bands: Vec<usize>,
    /// Values of its other names.
    pub constants: BTreeMap<String, f64>,
    /// Values that are measurements.
    pub valid: ValidRange,
}

impl IndexSpec {
    /// The index of one scene over the bands of another that have the same names.
    ///
    /// # Errors
    /// The name of a band that the other scene has not.
    pub fn of_scene<'a>(&self, from: &'a SceneSpec, to: &SceneSpec) -> Result<Self, &'a str> {
        let bands = self.bands.iter().map(|band| {
            let name = from.bands[*band].name.as_str();
            to.bands
                .iter()
                .position(|band| band.name == name)
                .ok_or(name)
        });
        Ok(Self {
            bands: bands.collect::<Result<_, _>>()?,
            ..self.clone()
        })
    }
}

/// A field.
#[derive(Debug, Clone)]
pub struct FieldSpec {
    /// Echoed in the answer.
    pub field_id: String,
    /// Where it lies.
    pub outline: Outline,
}
