use super::*;

fn parse(key: &str, texts: &[&str]) -> Result<Value, String> {
    let definition = DEFINITIONS.iter().find(|definition| definition.key == key).expect(key);
    let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    definition.kind.parse(&texts).map_err(|error| error.to_string())
}

#[test]
fn every_default_fits_and_survives_the_database() {
    for definition in DEFINITIONS {
        let value = definition.default_value();
        assert_eq!(definition.kind.read_stored(&value.to_stored()), Ok(value), "{}", definition.key);
    }
}

#[test]
fn origins_are_normalized_and_every_bad_entry_is_named() {
    let Ok(Value::Origins(origins)) =
        parse("public_site_url", &["HTTPS://Drive.example:443/", "https://drive.example", "http://h:3000"])
    else {
        panic!("origins")
    };
    assert_eq!(
        origins.iter().map(Origin::as_str).collect::<Vec<_>>(),
        ["https://drive.example", "http://h:3000"]
    );
    let error = parse("public_site_url", &["ftp://a", "http://ok", "http://*.b", "http://c/path"])
        .expect_err("bad entries");
    assert!(error.starts_with("`ftp://a`, `http://*.b`, `http://c/path` are not origins"), "{error}");
}

#[test]
fn numbers_are_held_to_their_bounds() {
    assert_eq!(parse("remote_node_health_test_interval_secs", &["1"]), Ok(Value::Number(1)));
    for bad in ["0", "-1", "1.5", "", "86401", "99999999999999999999"] {
        let error = parse("remote_node_health_test_interval_secs", &[bad]).expect_err(bad);
        assert_eq!(error, format!("`{bad}` is not a whole number from 1 to 86400"));
    }
    assert!(parse("default_storage_quota", &["9223372036854775808"]).is_err());
}

#[test]
fn flags_are_two_words_and_scalars_no_lists() {
    assert_eq!(parse("auth_cookie_secure", &["false"]), Ok(Value::Flag(false)));
    assert!(parse("auth_cookie_secure", &["yes"]).is_err());
    assert!(parse("auth_cookie_secure", &["true", "true"]).is_err());
    assert!(parse("auth_cookie_secure", &[]).is_err());
}

#[test]
fn a_list_of_names_has_no_blanks_and_no_paths() {
    let key = "webdav_block_system_file_patterns";
    assert_eq!(
        parse(key, &[" ._* ", ".DS_Store", "._*"]),
        Ok(Value::Names(vec!["._*".to_owned(), ".DS_Store".to_owned()]))
    );
    assert_eq!(parse(key, &[]), Ok(Value::Names(Vec::new())));
    for bad in ["", "  ", "a/b", &"x".repeat(256)] {
        assert!(parse(key, &["ok", bad]).is_err(), "{bad}");
    }
    assert!(parse(key, &["*"; 101]).is_err());
}
