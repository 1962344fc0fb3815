//! What is wrong with a request, asked of every operation that the document has.

use serde_json::{Map, Value, json};

use super::super::openapi::{document, operations};
use super::bodies::{self, Body};
use super::things::{Names, World};
use super::{Method, Who};

/// Who may call an operation.
fn entitled(operation: &Value) -> Who {
    match operation["x-access"].as_str() {
        Some("admin") => Who::Admin,
        Some("public") => Who::Anonymous,
        _ => Who::Owner,
    }
}

fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("schema"),
        None => schema,
    }
}

/// A value that no member of this schema takes; `None` where every value is one.
fn wrong_value(schema: &Value, document: &Value) -> Option<Value> {
    let schema = resolved(schema, document);
    let alternatives = ["anyOf", "oneOf"].iter().find_map(|word| schema[*word].as_array());
    if let Some(alternatives) = alternatives {
        return wrong_value(alternatives.first()?, document);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str())?;
    Some(if kind == "object" { json!(7) } else { json!({"no": "such value"}) })
}

async fn answer(world: &World, who: Who, method: &str, path: &str, body: Body) -> (u16, Value) {
    let request = world.request(who, method.to_uppercase().parse::<Method>().expect("method"), path);
    let reply = super::with_body(request, body).send().await.expect("reply");
    let status = reply.status().as_u16();
    (status, reply.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_member_of_the_wrong_kind_is_refused_by_its_name() {
    let (document, world) = (document(), World::new().await);
    let mut wrong = Vec::new();
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let Some(members) = resolved(schema, &document)["properties"].as_object() else { continue };
        let (filled, names) = world.fill(&method.to_uppercase(), path).await;
        for (name, member) in members {
            let Some(value) = wrong_value(member, &document) else { continue };
            let body = bodies::of(&method.to_uppercase(), path, operation, &document, names);
            let Body::Json(Value::Object(mut body)) = body else { panic!("{path}") };
            body.insert(name.clone(), value);
            let (status, told) =
                answer(&world, entitled(operation), method, &filled, Body::Json(body.into())).await;
            if status != 400 || !told["msg"].as_str().is_some_and(|text| text.contains(name.as_str())) {
                wrong.push(format!("{method} {path} {name}: {status} {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_member_that_is_missing_is_named() {
    let (document, world) = (document(), World::new().await);
    let mut wrong = Vec::new();
    for (method, path, operation) in operations(&document) {
        let body = &operation["requestBody"];
        let schema = resolved(&body["content"]["application/json"]["schema"], &document);
        let Some(first) = schema["required"][0].as_str() else { continue };
        let (filled, _) = world.fill(&method.to_uppercase(), path).await;
        let (status, told) =
            answer(&world, entitled(operation), method, &filled, Body::Json(Map::new().into())).await;
        // Members are looked for in the order of the program, so another required one may be named.
        let names = schema["required"].as_array().expect("required").iter().filter_map(Value::as_str);
        let named =
            names.into_iter().any(|name| told["msg"].as_str().is_some_and(|text| text.contains(name)));
        if status != 400 || !named {
            wrong.push(format!("{method} {path} {first}: {status} {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_nobody_has_is_not_found() {
    let (document, world) = (document(), World::new().await);
    let mut wrong = Vec::new();
    let folder = world.own_folder().await;
    for (method, path, operation) in operations(&document) {
        let within = path.replace("/teams/{team_id}/", &format!("/teams/{}/", world.team()));
        if !within.contains('{') {
            continue;
        }
        let own = |part: &str| if part.starts_with('{') { "987654321".to_owned() } else { part.to_owned() };
        let unknown = within.split('/').map(own).collect::<Vec<_>>().join("/");
        let query = if path.ends_with("match") { "?size=1" } else { "" };
        let names = Names { folder, ..Names::default() };
        let body = bodies::of(&method.to_uppercase(), path, operation, &document, names);
        let path_and_query = format!("{unknown}{query}");
        let (status, told) = answer(&world, entitled(operation), method, &path_and_query, body).await;
        if status != 404 {
            wrong.push(format!("{method} {path}: {status} {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
