//! Places and their instruments, as they travel.

use furrow_agromet::et::EtSite;
use furrow_rpc::weather::v1 as proto;

use crate::columns::between;
use crate::status::CallError;

/// Reads a site; every number is held to the contract's range.
pub(crate) fn site(field: &str, message: Option<&proto::Site>) -> Result<EtSite, CallError> {
    let Some(message) = message else {
        return Err(CallError::request(field, "is missing"));
    };
    let held = |name: &str, found, min, max| between(&format!("{field}.{name}"), found, min, max);
    Ok(EtSite {
        latitude_deg: held("latitude_deg", message.latitude_deg, -90.0, 90.0)?,
        longitude_deg: held("longitude_deg", message.longitude_deg, -180.0, 180.0)?,
        elevation_m: held("elevation_m", message.elevation_m, -450.0, 6_500.0)?,
        wind_height_m: held("wind_height_m", message.wind_height_m, 0.5, 100.0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_of_a_site_is_held_to_its_range() {
        let right = proto::Site {
            latitude_deg: -90.0,
            longitude_deg: 180.0,
            elevation_m: 6_500.0,
            wind_height_m: 0.5,
        };
        let refused = |message: proto::Site| {
            site("stations[2].site", Some(&message))
                .expect_err("wrong")
                .to_string()
        };

        assert!(site("site", Some(&right)).is_ok());
        assert_eq!(
            refused(proto::Site {
                latitude_deg: f64::NAN,
                ..right
            }),
            "stations[2].site.latitude_deg is NaN; -90 to 90 is allowed"
        );
        for wrong in [
            proto::Site {
                longitude_deg: 180.1,
                ..right
            },
            proto::Site {
                elevation_m: -451.0,
                ..right
            },
            proto::Site {
                wind_height_m: 0.0,
                ..right
            },
        ] {
            assert!(site("site", Some(&wrong)).is_err(), "{wrong:?}");
        }
        assert!(site("site", None).is_err());
    }
}
