//! Infection by a pathogen that needs wet leaves and the right temperature.
//!
//! # Source
//! Magarey, Sutton and Thayer (2005), A simple generic infection model for foliar fungal plant
//! pathogens, Phytopathology 95, 92–100, doi 10.1094/PHYTO-95-0092: the temperature response of Yan and
//! Hunt (1999), `W(T) = Wmin / f(T)`, at most `Wmax`, and the sum of two wet spells that a dry one
//! shorter than D50 parts.

use crate::axis::Hours;
use crate::error::WeatherError;
use crate::wetness::Wetness;

/// Cardinal temperatures, wetness and interruption of a pathogen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pathogen {
    /// Below or at it nothing infects, °C.
    pub min_temperature_c: f64,
    /// At which it needs least wetness, °C.
    pub optimum_temperature_c: f64,
    /// Above or at it nothing infects, °C.
    pub max_temperature_c: f64,
    /// Wet hours that it needs at the optimum.
    pub min_wetness_h: f64,
    /// Most that it needs at any temperature at which it infects, hours.
    pub max_wetness_h: f64,
    /// Dry hours from which on wetness before them no longer counts (D50).
    pub dry_interruption_h: f64,
}

impl Pathogen {
    /// Whether the numbers are those of a pathogen.
    ///
    /// # Errors
    /// [`WeatherError::SettingRefused`].
    pub fn check(self) -> Result<(), WeatherError> {
        let refused = |setting, found: f64, allowed| {
            let found = found.to_string();
            Err(WeatherError::SettingRefused {
                setting,
                found,
                allowed,
            })
        };
        let Self {
            min_temperature_c: min,
            optimum_temperature_c: optimum,
            max_temperature_c: max,
            ..
        } = self;
        if !(-20.0..=60.0).contains(&min) {
            return refused("min_temperature_c", min, "-20 to 60 is allowed");
        }
        if !(max > min && max <= 60.0) {
            let allowed = "above min_temperature_c and at most 60 is allowed";
            return refused("max_temperature_c", max, allowed);
        }
        if !(optimum > min && optimum < max) {
            let allowed = "between min_temperature_c and max_temperature_c is allowed";
            return refused("optimum_temperature_c", optimum, allowed);
        }
        if !(1.0..=100.0).contains(&self.min_wetness_h) {
            let allowed = "1 to 100 is allowed";
            return refused("min_wetness_h", self.min_wetness_h, allowed);
        }
        if !(self.min_wetness_h..=1000.0).contains(&self.max_wetness_h) {
            let allowed = "min_wetness_h to 1000 is allowed";
            return refused("max_wetness_h", self.max_wetness_h, allowed);
        }
        if !(1.0..=100.0).contains(&self.dry_interruption_h) {
            let allowed = "1 to 100 is allowed";
            return refused("dry_interruption_h", self.dry_interruption_h, allowed);
        }
        Ok(())
    }

    /// How good a temperature is for it, 0 to 1: 1 at the optimum, 0 at and beyond the cardinals.
    pub fn response(self, temperature_c: f64) -> f64 {
        let Self {
            min_temperature_c: min,
            optimum_temperature_c: optimum,
            max_temperature_c: max,
            ..
        } = self;
        if temperature_c <= min || temperature_c >= max {
            return 0.0;
        }
        let falling = (max - temperature_c) / (max - optimum);
        let rising = (temperature_c - min) / (optimum - min);
        falling * rising.powf((optimum - min) / (max - optimum))
    }

    /// Wet hours that it needs at a temperature; None where it does not infect.
    pub fn required_h(self, temperature_c: f64) -> Option<f64> {
        let response = self.response(temperature_c);
        (response > 0.0).then(|| (self.min_wetness_h / response).min(self.max_wetness_h))
    }
}

/// A spell of wetness, its interruptions included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Infection {
    /// Row of the first wet hour.
    pub from: usize,
    /// Row of the hour at which the requirement was met, or of the last wet one.
    pub until: usize,
    /// Wet hours of the whole spell.
    pub wet_h: usize,
    /// Wet hours that were required by then, at the mean temperature of the wet hours.
    pub required_h: f64,
    /// Share of the requirement that was met: from 1 on it infects.
    pub severity: f64,
}

/// A spell as it grows.
#[derive(Debug, Clone, Copy)]
struct Spell {
    from: usize,
    last_wet: usize,
    wet_h: usize,
    /// Sum of the wet hours' temperatures, °C.
    warmth: f64,
    /// Row and requirement when it was met first.
    met: Option<(usize, f64)>,
}

impl Spell {
    fn begun_at(row: usize) -> Self {
        Self {
            from: row,
            last_wet: row,
            wet_h: 0,
            warmth: 0.0,
            met: None,
        }
    }

    fn grow(&mut self, row: usize, temperature_c: f64, pathogen: Pathogen) {
        self.last_wet = row;
        self.wet_h += 1;
        self.warmth += temperature_c;
        if let (None, Some(required)) = (self.met, self.required_h(pathogen))
            && self.wet_h as f64 >= required
        {
            self.met = Some((row, required));
        }
    }

    fn required_h(&self, pathogen: Pathogen) -> Option<f64> {
        pathogen.required_h(self.warmth / self.wet_h as f64)
    }

    /// What the spell came to, if the pathogen can infect at its temperature.
    fn infection(self, pathogen: Pathogen) -> Option<Infection> {
        let at_the_end = || self.required_h(pathogen).map(|h| (self.last_wet, h));
        let (until, required_h) = self.met.or_else(at_the_end)?;
        Some(Infection {
            from: self.from,
            until,
            wet_h: self.wet_h,
            required_h,
            severity: self.wet_h as f64 / required_h,
        })
    }
}

/// Spells of wetness in which a pathogen may infect, across midnights, ascending.
///
/// Wet spells that are parted by fewer dry hours than the interruption are one. An hour whose wetness
/// is unknown, or a wet one whose temperature is (`NaN`), ends a spell: what it was is not guessed, so
/// the next spell begins anew.
///
/// # Errors
/// [`WeatherError::LengthMismatch`], [`WeatherError::SettingRefused`].
pub fn infections(
    hours: Hours,
    wetness: &[Wetness],
    temperature_c: &[f64],
    pathogen: Pathogen,
) -> Result<Vec<Infection>, WeatherError> {
    pathogen.check()?;
    for (column, found) in [
        ("wetness", wetness.len()),
        ("air_temperature_c", temperature_c.len()),
    ] {
        if found != hours.count {
            return Err(WeatherError::LengthMismatch {
                column,
                found,
                expected: hours.count,
            });
        }
    }
    let mut found = Vec::new();
    let mut spell: Option<Spell> = None;
    for (row, (wetness, temperature_c)) in wetness.iter().zip(temperature_c).enumerate() {
        match wetness {
            Wetness::Wet if !temperature_c.is_nan() => {
                let spell = spell.get_or_insert_with(|| Spell::begun_at(row));
                spell.grow(row, *temperature_c, pathogen);
            }
            Wetness::Dry => {
                let has_dried =
                    |spell: &Spell| (row - spell.last_wet) as f64 >= pathogen.dry_interruption_h;
                if spell.as_ref().is_some_and(has_dried) {
                    found.extend(spell.take().and_then(|spell| spell.infection(pathogen)));
                }
            }
            Wetness::Wet | Wetness::Unknown => {
                found.extend(spell.take().and_then(|spell| spell.infection(pathogen)));
            }
        }
    }
    found.extend(spell.and_then(|spell| spell.infection(pathogen)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Something like apple scab.
    const SCAB: Pathogen = Pathogen {
        min_temperature_c: 1.0,
        optimum_temperature_c: 20.0,
        max_temperature_c: 35.0,
        min_wetness_h: 6.0,
        max_wetness_h: 40.5,
        dry_interruption_h: 8.0,
    };

    /// `W` wet, `.` dry, `?` unknown; all at one temperature.
    fn spells(pattern: &str, temperature: f64) -> Vec<Infection> {
        let wetness: Vec<Wetness> = pattern
            .chars()
            .map(|hour| match hour {
                'W' => Wetness::Wet,
                '.' => Wetness::Dry,
                _ => Wetness::Unknown,
            })
            .collect();
        let hours = Hours {
            start_s: 0,
            count: wetness.len(),
        };
        let temperature_c = vec![temperature; wetness.len()];
        infections(hours, &wetness, &temperature_c, SCAB).expect("right")
    }

    #[test]
    fn the_response_is_one_at_the_optimum_and_none_at_the_cardinals() {
        assert!((SCAB.response(20.0) - 1.0).abs() < 1e-12);
        assert!([1.0, 35.0].iter().all(|t| SCAB.response(*t).abs() < 1e-12));
        // By hand: 25/15 × (9/19)^(19/15).
        assert!((SCAB.response(10.0) - 0.646_8).abs() < 2e-4);
        assert!(SCAB.response(30.0) < SCAB.response(20.0));
    }

    #[test]
    fn wetness_is_required_by_temperature_up_to_a_most() {
        assert_eq!(SCAB.required_h(20.0), Some(6.0));
        assert!((SCAB.required_h(10.0).expect("infects") - 6.0 / 0.646_8).abs() < 5e-3);
        assert_eq!(SCAB.required_h(1.5), Some(40.5));
        assert_eq!(SCAB.required_h(0.0), None);
    }

    #[test]
    fn a_spell_is_met_in_its_sixth_hour_and_goes_on() {
        let found = spells("..WWWWWWWW..", 20.0);

        assert_eq!(found.len(), 1);
        assert_eq!((found[0].from, found[0].until, found[0].wet_h), (2, 7, 8));
        assert!((found[0].severity - 8.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_short_dry_spell_is_bridged_and_a_long_one_parts() {
        let bridged = spells("WWW.......WWW", 20.0);
        let parted = spells("WWW........WWW", 20.0);

        assert_eq!(bridged.len(), 1);
        assert!((bridged[0].severity - 1.0).abs() < 1e-12);
        assert_eq!(parted.len(), 2);
        assert!(
            parted
                .iter()
                .all(|spell| (spell.severity - 0.5).abs() < 1e-12)
        );
        assert_eq!((parted[0].until, parted[1].from), (2, 11));
    }

    #[test]
    fn what_is_unknown_is_never_bridged() {
        let found = spells("WWWWW?WWWWW", 20.0);

        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|spell| spell.severity < 1.0));
        let wet = [Wetness::Wet; 3];
        let hours = Hours {
            start_s: 0,
            count: 3,
        };
        let found = infections(hours, &wet, &[20.0, f64::NAN, 20.0], SCAB).expect("right");
        assert_eq!(found.len(), 2, "nor a wet hour without a temperature");
    }

    #[test]
    fn outside_of_its_temperatures_nothing_infects() {
        assert!(spells(&"W".repeat(60), 0.5).is_empty());
        assert!(spells(&"W".repeat(60), 36.0).is_empty());
    }

    #[test]
    fn numbers_that_are_no_pathogen_are_refused() {
        let wrong: [fn(&mut Pathogen); 6] = [
            |p| p.min_temperature_c = f64::NAN,
            |p| p.optimum_temperature_c = 35.0,
            |p| p.max_temperature_c = 1.0,
            |p| p.min_wetness_h = 0.5,
            |p| p.max_wetness_h = 5.0,
            |p| p.dry_interruption_h = 101.0,
        ];
        for change in wrong {
            let mut pathogen = SCAB;
            change(&mut pathogen);
            assert!(pathogen.check().is_err(), "{pathogen:?}");
        }
    }

    proptest! {
        #[test]
        fn no_wet_hour_is_counted_twice_or_lost(
            hours in proptest::collection::vec(0..3_u8, 1..400),
        ) {
            let pattern: String = hours.iter().map(|h| ['W', '.', '?'][usize::from(*h)]).collect();
            let wet = pattern.matches('W').count();

            let found = spells(&pattern, 20.0);

            prop_assert_eq!(found.iter().map(|spell| spell.wet_h).sum::<usize>(), wet);
            prop_assert!(found.windows(2).all(|pair| pair[0].until < pair[1].from));
        }
    }
}
