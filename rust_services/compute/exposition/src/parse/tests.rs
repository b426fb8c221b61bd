use super::*;

fn text(body: &str) -> Result<Vec<ParsedFamily>, ParseError> {
    parse(body.as_bytes(), Syntax::Text, &ParseLimits::default())
}

fn open(body: &str) -> Result<Vec<ParsedFamily>, ParseError> {
    parse(
        body.as_bytes(),
        Syntax::OpenMetrics,
        &ParseLimits::default(),
    )
}

#[test]
fn the_content_type_says_how_an_answer_is_written() {
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(Syntax::of_content_type(open), Syntax::OpenMetrics);
    for plain in ["text/plain; version=0.0.4", "", "application/json"] {
        assert_eq!(Syntax::of_content_type(plain), Syntax::Text, "{plain}");
    }
}

#[test]
fn suffixes_join_the_family_of_their_type() {
    let families = text(
        "# TYPE h histogram\n# HELP h A \\\\ b\\n.\nh_bucket{le=\"+Inf\", a=\"x\\\"y\" , } 2\nh_sum 1e-3 1500\nh_count 2\nh_total 3\n",
    )
    .expect("valid");

    assert_eq!(families.len(), 2);
    assert_eq!(families[0].help.as_deref(), Some("A \\ b\n."));
    let samples = &families[0].samples;
    assert_eq!(samples.len(), 3);
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(samples[0].labels, [label("le", "+Inf"), label("a", "x\"y")]);
    assert_eq!(samples[1].timestamp, Some(1.5));
    assert_eq!(
        (families[1].name.as_str(), families[1].kind),
        ("h_total", ParsedKind::Unknown)
    );
}

#[test]
fn a_cut_answer_is_refused() {
    let whole = "# TYPE a counter\na_total 1\n# EOF\n";
    assert!(open(whole).is_ok());
    for end in 0..whole.len() - 1 {
        assert!(open(&whole[..end]).is_err(), "{:?}", &whole[..end]);
    }
    assert!(text("a 1\nb 2").is_err());
}

#[test]
fn limits_hold() {
    let limits = ParseLimits {
        bytes: 64,
        samples: 2,
        labels: 1,
    };
    let found = |body: &str, syntax| parse(body.as_bytes(), syntax, &limits);
    for syntax in [Syntax::Text, Syntax::OpenMetrics] {
        assert!(matches!(
            found(&"a".repeat(65), syntax),
            Err(ParseError::TooLarge { what: "bytes", .. })
        ));
        assert!(matches!(
            found("a 1\nb 1\nc 1\n# EOF\n", syntax),
            Err(ParseError::TooLarge {
                what: "samples",
                ..
            })
        ));
        assert!(matches!(
            found("a{a=\"1\",b=\"2\"} 1\n# EOF\n", syntax),
            Err(ParseError::Line { line: 1, .. })
        ));
    }
    assert!(matches!(
        parse(b"a \xff\n", Syntax::Text, &limits),
        Err(ParseError::NotUtf8 { valid_up_to: 2 })
    ));
}

#[test]
fn what_only_other_languages_call_a_number_is_none() {
    for wrong in ["0x1", "1_000", "1e", "--1", "", "1p3", "infinite"] {
        assert!(text(&format!("a {wrong}\n")).is_err(), "{wrong}");
    }
    for right in ["+Inf", "-inf", "NaN", ".5", "1.", "-0", "1e+300"] {
        assert!(text(&format!("a {right}\n")).is_ok(), "{right}");
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_readers_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let limits = ParseLimits::default();
            let _ = parse(&body, Syntax::Text, &limits);
            let _ = parse(&body, Syntax::OpenMetrics, &limits);
        }

        #[test]
        fn lines_of_likely_pieces_make_no_panic(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("# TYPE "), Just("# HELP "), Just("a"), Just("a_bucket"), Just("_total"),
                    Just("{"), Just("}"), Just("le=\""), Just("\""), Just("\\"), Just(","),
                    Just(" "), Just("\n"), Just("1"), Just("+Inf"), Just(" histogram"),
                    Just(" counter"), Just(" # "), Just("# EOF\n"), Just("é"),
                ],
                0..40,
            ),
        ) {
            let body = pieces.concat();
            let _ = text(&body);
            let _ = open(&body);
        }
    }
}
