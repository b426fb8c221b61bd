use super::*;

#[test]
fn a_point_outside_the_domain_is_refused_not_moved() {
    let utm = Crs::from_epsg(32631).expect("a UTM zone");

    let quarter_turn = utm.project(&mut [(93.0, 0.0)]);
    let far = utm.unproject(&mut [(1e12, 1e12)]);

    assert!(matches!(quarter_turn, Err(CrsError::OutsideArea { .. })));
    assert!(matches!(far, Err(CrsError::OutsideArea { .. })));
}

#[test]
fn a_point_that_is_not_finite_is_refused() {
    let utm = Crs::from_epsg(32631).expect("a UTM zone");

    for bad in [(f64::NAN, 0.0), (3.0, f64::INFINITY)] {
        assert!(matches!(
            utm.project(&mut [bad]),
            Err(CrsError::NotFinite { .. })
        ));
    }
}

#[test]
fn latitude_first_is_seen_where_it_leaves_the_globe() {
    let web = Crs::from_epsg(3857).expect("web mercator");

    assert!(web.project(&mut [(3.0, 95.0)]).is_err());
}

#[test]
fn every_utm_zone_is_known() {
    for zone in 1..=60 {
        for base in [32600, 32700] {
            let crs = Crs::from_epsg(base + zone).expect("a UTM zone");
            let central = f64::from(zone) * 6.0 - 183.0;
            let mut points = [(central, 0.0)];

            crs.project(&mut points).expect("on the central meridian");

            assert!((points[0].0 - 500_000.0).abs() < 1e-6);
            assert!(!crs.is_geographic());
        }
    }
}

#[test]
fn systems_that_cannot_be_computed_are_refused_with_the_reason() {
    let why = |epsg| match Crs::from_epsg(epsg) {
        Err(CrsError::Unsupported { why, .. }) => why,
        other => panic!("EPSG:{epsg} gave {other:?}"),
    };

    assert!(why(4267).contains("20 m only without a grid file"));
    assert!(why(2008).contains("not known"));
    assert!(why(4978).contains("geocentric"));
    assert!(why(2053).contains("axes") && why(5513).contains("axes"));
    assert!(why(27200).contains("not implemented"));
    // Operations for a part of China and for Slovenia; a scale in millionths.
    assert!(why(2408).contains("for other places only"));
    assert!(why(31277).contains("for other places only"));
    assert!(why(6996).contains("scale"));
    assert!(why(4807).contains("differ from PROJ's"));
    assert_eq!(
        Crs::from_epsg(999_999).err(),
        Some(CrsError::Unknown { epsg: 999_999 })
    );
}

#[test]
fn geographic_coordinates_are_degrees() {
    let wgs84 = Crs::from_epsg(4326).expect("WGS 84");
    let mut points = [(4.25, 50.75), (180.0, -90.0)];

    wgs84.project(&mut points).expect("on the globe");

    assert!(wgs84.is_geographic());
    assert!((points[0].0 - 4.25).abs() < 1e-12 && (points[0].1 - 50.75).abs() < 1e-12);
}

#[test]
fn feet_are_told_from_metres() {
    let new_york = Crs::from_epsg(2263).expect("state plane in feet");

    assert!((new_york.metres_per_unit() - 1200.0 / 3937.0).abs() < 1e-9);
}

#[test]
fn a_system_with_heights_lies_where_its_plane_does() {
    let plane = Crs::from_epsg(28992).expect("RD New");
    let with_heights = Crs::from_epsg(7415).expect("RD New and NAP height");
    let (mut a, mut b) = ([(5.3, 52.1)], [(5.3, 52.1)]);

    plane.project(&mut a).expect("in the Netherlands");
    with_heights.project(&mut b).expect("in the Netherlands");

    assert_eq!(a, b);
    assert_eq!(with_heights.epsg(), 7415);
}
