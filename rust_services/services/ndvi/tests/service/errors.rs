//! Bad input: the right code and reason, and a service that goes on.

use furrow_rpc::common::v1::ColourStop;
use furrow_rpc::ndvi::v1 as proto;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{
    Running, band, box_wkb, degrees, field, grid, index, key, plane, refusal, scenes, start,
    start_with, summarize, url, wkb,
};

async fn with_level() -> Running {
    let running = start().await;
    running.put("level.tif", &plane(degrees(10, 10), |_, _| 1.0));
    running
}

fn good() -> proto::SummarizeFieldsRequest {
    proto::SummarizeFieldsRequest {
        scenes: scenes(vec![band("level", key("level.tif"))], vec![]),
        indices: vec![index("level", "level")],
        fields: vec![field("a", box_wkb((1.0, 2.0), (1.0, 2.0)))],
        quantiles: vec![],
        histogram_bins: 0,
    }
}

async fn refused(running: &Running, request: proto::SummarizeFieldsRequest) -> (Code, String) {
    refusal(&summarize(running, request).await.expect_err("refused"))
}

#[tokio::test]
async fn requests_beyond_the_contract_are_refused_by_name() {
    let running = with_level().await;
    let with_band = |change: fn(&mut proto::Band)| {
        let mut request = good();
        change(&mut request.scenes[0].bands[0]);
        request
    };
    let with = |change: fn(&mut proto::SummarizeFieldsRequest)| {
        let mut request = good();
        change(&mut request);
        request
    };
    let invalid = [
        with(|request| request.scenes.clear()),
        with(|request| request.scenes[0].bands.clear()),
        with(|request| {
            let bands = &mut request.scenes[0].bands;
            bands.push(bands[0].clone());
        }),
        with(|request| request.scenes[0].scene_id.clear()),
        with(|request| request.indices.clear()),
        with(|request| request.indices.push(request.indices[0].clone())),
        with(|request| request.indices[0].formula = "1 + 1".to_owned()),
        with(|request| request.indices[0].name = "NDVI".to_owned()),
        with(|request| {
            (request.indices[0].valid_min, request.indices[0].valid_max) = (Some(1.0), Some(0.0));
        }),
        with(|request| request.fields.clear()),
        with(|request| request.fields.push(request.fields[0].clone())),
        with(|request| request.quantiles = vec![1.0]),
        with(|request| request.quantiles = vec![f64::NAN]),
        with(|request| request.histogram_bins = 257),
        with_band(|band| band.name = "a-b".to_owned()),
        with_band(|band| band.object = None),
        with_band(|band| band.object = key("../secret.tif")),
        with_band(|band| band.object = url("file:///etc/passwd")),
        with_band(|band| band.band_number = 0),
        with_band(|band| band.scale = 0.0),
        with_band(|band| band.offset = f64::INFINITY),
    ];
    for request in invalid {
        let shown = format!("{request:?}");
        let found = refused(&running, request).await;
        assert_eq!(
            found,
            (Code::InvalidArgument, "REQUEST_INVALID".to_owned()),
            "{shown}"
        );
    }
    assert!(summarize(&running, good()).await.is_ok());
}

#[tokio::test]
async fn a_bad_formula_is_named_with_its_place() {
    let running = with_level().await;
    let mut request = good();
    request.indices[0].formula = "level + secret".to_owned();

    let status = summarize(&running, request).await.expect_err("refused");

    assert_eq!(
        refusal(&status),
        (Code::InvalidArgument, "FORMULA_INVALID".to_owned())
    );
    assert!(
        status.message().contains("'secret' at position 8"),
        "{}",
        status.message()
    );
}

#[tokio::test]
async fn a_bad_outline_is_named_with_its_field() {
    let running = with_level().await;
    let at = |col: f64, row: f64| (5.0 + col * 0.001, 52.0 - row * 0.001);
    let bow = vec![
        at(1.0, 1.0),
        at(5.0, 5.0),
        at(5.0, 1.0),
        at(1.0, 5.0),
        at(1.0, 1.0),
    ];
    for outline in [b"no outline".to_vec(), Vec::new(), wkb(&[vec![bow]])] {
        let mut request = good();
        request.fields.push(field("bad", outline));

        let status = summarize(&running, request).await.expect_err("refused");

        assert_eq!(
            refusal(&status),
            (Code::InvalidArgument, "OUTLINE_INVALID".to_owned())
        );
        let info = status.get_details_error_info().expect("a reason");
        assert_eq!(info.metadata["field_id"], "bad");
    }
}

#[tokio::test]
async fn a_missing_object_is_not_found() {
    let running = start().await;
    let found = refused(&running, good()).await;
    assert_eq!(found, (Code::NotFound, "OBJECT_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_link_out_of_the_store_is_denied() {
    let running = start().await;
    let outside = running.folder.path().join("outside.tif");
    std::fs::write(&outside, plane(degrees(10, 10), |_, _| 1.0)).expect("written");
    std::os::unix::fs::symlink(&outside, running.store_path("level.tif")).expect("linked");

    let found = refused(&running, good()).await;

    assert_eq!(
        found,
        (Code::FailedPrecondition, "RASTER_STORE_DENIED".to_owned())
    );
}

#[tokio::test]
async fn damaged_files_are_refused_and_the_service_goes_on() {
    let running = with_level().await;
    let whole = plane(degrees(600, 600), |col, row| {
        if (col ^ row) & 1 == 0 { 0.1 } else { 0.7 }
    });
    let mut scrambled = whole.clone();
    let half = scrambled.len() / 2;
    scrambled[half..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    for bytes in [
        &whole[..whole.len() / 2],
        &whole[..40],
        b"",
        b"GIF89a no raster",
        &scrambled,
    ] {
        running.put("bad.tif", bytes);
        let mut request = good();
        request.scenes = scenes(vec![band("level", key("bad.tif"))], vec![]);
        request.fields = vec![field("a", box_wkb((0.0, 600.0), (0.0, 600.0)))];

        let found = refused(&running, request).await;

        assert_eq!(
            found,
            (Code::FailedPrecondition, "RASTER_UNREADABLE".to_owned()),
            "{}",
            bytes.len()
        );
    }
    assert!(summarize(&running, good()).await.is_ok());
}

#[tokio::test]
async fn rasters_beyond_the_pixel_budget_are_refused_before_decoding() {
    let running = start_with(&[("FURROW_NDVI_MAX_PIXELS", "1000000")]).await;
    running.put("level.tif", &plane(degrees(1001, 1000), |_, _| 1.0));
    let found = refused(&running, good()).await;
    assert_eq!(
        found,
        (Code::FailedPrecondition, "RASTER_TOO_LARGE".to_owned())
    );
    assert!(
        running
            .metrics()
            .await
            .contains("furrow_decoded_pixels_total 0")
    );
}

#[tokio::test]
async fn bands_and_masks_that_do_not_fit_are_refused() {
    let running = start().await;
    let origin = (501_360.0, 5_629_680.0);
    running.put("a.tif", &plane(grid(8, 8, origin, 10.0, 32631), |_, _| 1.0));
    running.put("b.tif", &plane(grid(8, 8, origin, 15.0, 32631), |_, _| 1.0));
    running.put("c.tif", &plane(grid(8, 8, origin, 10.0, 32632), |_, _| 1.0));
    for other in ["b.tif", "c.tif"] {
        let mut request = good();
        request.scenes = scenes(vec![band("a", key("a.tif")), band("b", key(other))], vec![]);
        request.indices = vec![index("sum", "a + b")];
        let found = refused(&running, request).await;
        assert_eq!(
            found,
            (Code::FailedPrecondition, "RASTER_GRIDS_DISAGREE".to_owned())
        );
    }
    let mut request = good();
    request.scenes = scenes(
        vec![band("level", key("a.tif"))],
        vec![crate::support::classes(key("c.tif"), &[9], 0.0)],
    );
    let found = refused(&running, request).await;
    assert_eq!(
        found,
        (Code::FailedPrecondition, "RASTER_GRIDS_DISAGREE".to_owned())
    );
}

#[tokio::test]
async fn a_band_that_the_file_does_not_have_is_missing() {
    let running = with_level().await;
    let mut request = good();
    request.scenes[0].bands[0].band_number = 2;
    let found = refused(&running, request).await;
    assert_eq!(
        found,
        (Code::FailedPrecondition, "RASTER_BAND_MISSING".to_owned())
    );
}

#[tokio::test]
async fn pictures_and_files_are_refused_by_the_same_table() {
    let running = with_level().await;
    let mut client = running.client.clone();
    let invalid = (Code::InvalidArgument, "REQUEST_INVALID".to_owned());
    let stop = |value, rgb| ColourStop { value, rgb };
    let picture = proto::RenderIndexRequest {
        scenes: good().scenes,
        index: Some(index("level", "level")),
        outline_wkb: None,
        max_size: 64,
        stops: vec![stop(0.0, 0), stop(1.0, 0x00ff_0000)],
    };
    for request in [
        proto::RenderIndexRequest {
            max_size: 15,
            ..picture.clone()
        },
        proto::RenderIndexRequest {
            stops: vec![stop(0.0, 0)],
            ..picture.clone()
        },
        proto::RenderIndexRequest {
            stops: vec![stop(1.0, 0), stop(1.0, 1)],
            ..picture.clone()
        },
        proto::RenderIndexRequest {
            stops: vec![stop(0.0, 0), stop(1.0, 1 << 24)],
            ..picture.clone()
        },
        proto::RenderIndexRequest {
            index: None,
            ..picture.clone()
        },
        proto::RenderIndexRequest {
            outline_wkb: Some(box_wkb((50.0, 60.0), (0.0, 5.0))),
            ..picture.clone()
        },
    ] {
        let status = client.render_index(request).await.expect_err("refused");
        assert_eq!(refusal(&status), invalid);
    }
    let file = proto::WriteIndexRequest {
        scenes: good().scenes,
        index: Some(index("level", "level")),
        outline_wkb: None,
        key: "derived/1/level.tif".to_owned(),
        encoding: proto::Encoding::Int16.into(),
        compression: proto::Compression::Zstd.into(),
        tags: std::collections::HashMap::new(),
    };
    for request in [
        proto::WriteIndexRequest {
            key: "scenes/1/level.tif".to_owned(),
            ..file.clone()
        },
        proto::WriteIndexRequest {
            key: "derived/../scenes/x.tif".to_owned(),
            ..file.clone()
        },
        proto::WriteIndexRequest {
            encoding: 0,
            ..file.clone()
        },
        proto::WriteIndexRequest {
            compression: 9,
            ..file.clone()
        },
    ] {
        let status = client.write_index(request).await.expect_err("refused");
        assert_eq!(refusal(&status), invalid);
    }
    assert!(
        !running.store_path("derived").exists(),
        "nothing is half-stored"
    );
}
