//! Real scenes against numbers that others computed: exactextract's per field, and an openEO
//! back-end's per pixel.

use furrow_rpc::ndvi::v1 as proto;
use serde_json::Value;

use crate::support::{
    band, classes, field, index, key, scene, scenes, shared_data, start, summarize, wkb,
};

fn read_json(path: &std::path::Path) -> Value {
    let text = std::fs::read(path).expect("it is there");
    serde_json::from_slice(&text).expect("it is JSON")
}

fn outline_of(feature: &Value) -> Vec<u8> {
    let point = |point: &Value| {
        let number = |place: usize| point[place].as_f64().expect("a number");
        (number(0), number(1))
    };
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let polygon = |rings: &Value| -> Vec<Vec<(f64, f64)>> {
        list(rings)
            .iter()
            .map(|ring| list(ring).iter().map(point).collect())
            .collect()
    };
    let geometry = &feature["geometry"];
    match geometry["type"].as_str() {
        Some("Polygon") => wkb(&[polygon(&geometry["coordinates"])]),
        _ => wkb(&list(&geometry["coordinates"])
            .iter()
            .map(polygon)
            .collect::<Vec<_>>()),
    }
}

/// A band of one of the multi-band files, which hold B02, B03, B04 and B08.
fn reflectance(name: &str, band_number: u32) -> proto::Band {
    proto::Band {
        band_number,
        scale: 0.0001,
        min_digital_number: Some(1.0),
        ..band(name, key("10m.tif"))
    }
}

fn ndvi() -> proto::IndexFormula {
    proto::IndexFormula {
        valid_min: Some(-1.0),
        valid_max: Some(1.0),
        ..index("ndvi", "(nir - red) / (nir + red)")
    }
}

#[tokio::test]
async fn every_field_and_date_agrees_with_exactextract() {
    let Some(folder) = shared_data("imagery/s2_l2a_flanders_a") else {
        return;
    };
    let reference = read_json(&folder.join("reference_fields_exactextract.json"));
    let collection = read_json(&folder.join("fields.geojson"));
    let features = collection["features"].as_array().expect("a list");
    let fields: Vec<proto::FieldOutline> = features
        .iter()
        .map(|feature| field(&feature["id"].to_string(), outline_of(feature)))
        .collect();
    // Clear are vegetation, soil, water and unclassified.
    let hidden = [0, 1, 2, 3, 8, 9, 10, 11];
    let running = start().await;
    let mut compared = 0;

    for (date, of_date) in reference["dates"].as_object().expect("dates") {
        let read = |part: &str| {
            let file = folder.join(part).join(format!("{date}.tif"));
            std::fs::read(file).expect("readable")
        };
        running.put("10m.tif", &read("10m"));
        running.put("scl.tif", &read("scl"));
        let request = proto::SummarizeFieldsRequest {
            scenes: scenes(
                vec![reflectance("red", 3), reflectance("nir", 4)],
                vec![classes(key("scl.tif"), &hidden, 0.0)],
            ),
            indices: vec![ndvi()],
            fields: fields.clone(),
            quantiles: vec![0.1, 0.9],
            histogram_bins: 0,
        };

        let found = summarize(&running, request).await.expect("answers");

        for wanted in of_date.as_array().expect("fields") {
            let id = wanted["field"].to_string();
            let summary = &found[&(id.clone(), "ndvi".to_owned())];
            let check = |what: &str, found: Option<f64>| {
                let Some(wanted) = wanted[what].as_f64() else {
                    assert!(
                        found.is_none_or(f64::is_nan),
                        "{date} {id} {what}: {found:?}, not null"
                    );
                    return;
                };
                let found = found.unwrap_or(f64::NAN);
                // The reference carries outlines over vertex by vertex, the service densifies them.
                let tolerance = 1e-4 * wanted.abs().max(0.01);
                assert!(
                    (found - wanted).abs() <= tolerance,
                    "{date} {id} {what}: {found}, not {wanted}"
                );
            };
            check("clear_share", Some(summary.clear_share));
            check("effective_pixels", Some(summary.effective_pixels));
            check("mean", summary.mean);
            check("stdev", summary.standard_deviation);
            check("min", summary.min);
            check("max", summary.max);
            check("median", summary.median);
            check("quantile_10", summary.quantiles.first().copied());
            check("quantile_90", summary.quantiles.last().copied());
            check("covered_pixels", Some(summary.covered_pixels));
            compared += 1;
        }
    }
    assert!(compared >= 700, "{compared} fields and dates");
}

#[tokio::test]
async fn ndvi_is_that_of_an_openeo_back_end() {
    let Some(folder) = shared_data("imagery/s2_openeo_valladolid_small") else {
        return;
    };
    let reference = read_json(&folder.join("reference_ndvi_openeo_stats.json"));
    let running = start().await;

    for of_date in reference.as_array().expect("dates") {
        let date = of_date["date"].as_str().expect("a date");
        let read = |name: String| std::fs::read(folder.join(name)).expect("readable");
        running.put("10m.tif", &read(format!("{date}_B04_B08.tif")));
        running.put("openeo.tif", &read(format!("{date}_NDVI_openeo.tif")));
        let place = |bands: &[(&str, &str, u32)]| {
            let bands = bands.iter().map(|(name, file, number)| proto::Band {
                band_number: *number,
                ..band(name, key(file))
            });
            scene(bands.collect(), vec![])
        };
        let request = proto::WriteIndexRequest {
            scenes: place(&[
                ("red", "10m.tif", 1),
                ("nir", "10m.tif", 2),
                ("theirs", "openeo.tif", 1),
            ])
            .into_iter()
            .collect(),
            index: Some(index("gap", "abs((nir - red) / (nir + red) - theirs)")),
            outline_wkb: None,
            key: "derived/gap.tif".to_owned(),
            encoding: proto::Encoding::Float32.into(),
            compression: proto::Compression::Zstd.into(),
            tags: std::collections::HashMap::new(),
        };

        running
            .client
            .clone()
            .write_index(request)
            .await
            .expect("written");

        let measured = running
            .client
            .clone()
            .measure_digital_numbers(proto::MeasureDigitalNumbersRequest {
                scene: place(&[("gap", "derived/gap.tif", 1)]),
                kept_classes: vec![],
            })
            .await
            .expect("measured")
            .into_inner();
        let gap = &measured.bands[0];
        assert_eq!(
            Some(gap.measured_pixels),
            of_date["valid"].as_u64(),
            "{date}"
        );
        assert!(gap.max.expect("measured") < 1e-6, "{date}: {:?}", gap.max);
    }
}
