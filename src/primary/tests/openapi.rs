//! The document says what runs, in a form that programs can read.

use std::collections::BTreeSet;

use super::*;
use crate::primary::Primary;

pub(super) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The document as it runs.
pub(super) fn document() -> Value {
    serde_json::from_str(&Primary::openapi()).expect("JSON")
}

/// Every operation with method and path.
pub(super) fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods.iter().map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
        .collect()
}

/// Calls `seen` with every reference.
fn references<'a>(value: &'a Value, seen: &mut impl FnMut(&'a str)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(reference) if name == "$ref" => seen(reference),
                    _ => references(member, seen),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, seen)),
        _ => {}
    }
}

#[test]
fn the_document_has_the_shape_that_openapi_asks_for() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(METHODS.contains(&method), "{at}");
        let id = operation["operationId"].as_str().expect("id");
        assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{at}: {id}");
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 3), "{at} has no summary");
        assert!(operation["tags"][0].as_str().is_some_and(|tag| !tag.is_empty()), "{at}");
        let replies = operation["responses"].as_object().expect("responses");
        assert!(replies.keys().any(|status| status.starts_with('2')), "{at} never succeeds");
        assert!(method != "get" || operation.get("requestBody").is_none(), "{at} has a body");
        let (mut in_path, mut all) = (BTreeSet::new(), BTreeSet::new());
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (name, place) =
                (parameter["name"].as_str().expect("name"), parameter["in"].as_str().expect("in"));
            assert!(parameter["schema"].is_object(), "{at}: {name}");
            assert!(all.insert((place, name)), "{at}: {name} is there twice");
            if place == "path" {
                assert_eq!(parameter["required"], true, "{at}: {name}");
                in_path.insert(name);
            }
        }
        let named: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(in_path, named, "{at}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_no_two_types_have_one_name() {
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut |reference| {
        let pointer = reference.strip_prefix('#').expect("inside of the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
        used.insert(reference);
    });
    for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
        // A number is what the second type of a name gets.
        assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "two types are called {name}");
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()), "{name}");
        assert!(used.contains(format!("#/components/schemas/{name}").as_str()), "{name} is not used");
    }
}

#[test]
fn the_document_in_the_repository_is_the_one_of_this_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/web/openapi.json");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == Primary::openapi(), "web/openapi.json is of another version; run: make reference");
}

#[tokio::test]
async fn the_description_is_open_to_everybody_and_its_page_runs_no_script_and_calls_nobody() {
    let site = Site::new().await;
    let (status, body) = status_and_body(reqwest::get(site.url("/openapi.json")).await.expect("reply")).await;
    assert_eq!((status, &body), (200, &document()));
    let page = reqwest::get(format!("http://{}/api/docs", site.address)).await.expect("reply");
    let policy = page.headers()["content-security-policy"].to_str().expect("policy").to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = page.text().await.expect("page");
    for never in ["<script", "<style", "style=", "http://", "https://", "onclick"] {
        assert!(!html.contains(never), "{never}");
    }
    let document = document();
    for path in document["paths"].as_object().expect("paths").keys() {
        assert!(html.contains(&path.replace('/', "/<wbr>")), "{path} is not on the page");
    }
    let style = reqwest::get(format!("http://{}/api/docs/style.css", site.address)).await.expect("reply");
    assert_eq!(
        (style.status().as_u16(), style.headers()["content-type"].as_bytes()),
        (200, &b"text/css; charset=utf-8"[..])
    );
}
