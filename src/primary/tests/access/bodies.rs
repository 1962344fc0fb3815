//! Bodies that get as far as the rules: of the shape that the document asks for, about things that are there.

use serde_json::{Map, Value, json};

use super::things::{Names, PROGRAM, PROGRAM_PASSWORD};

pub(super) enum Body {
    None,
    Json(Value),
    Bytes(Vec<u8>),
    Form,
}

/// A body for an operation; what it names is the owner's.
pub(super) fn of(method: &str, path: &str, operation: &Value, document: &Value, names: Names) -> Body {
    let content = &operation["requestBody"]["content"];
    if content.get("multipart/form-data").is_some() {
        return Body::Form;
    }
    if content.get("application/octet-stream").is_some() {
        return Body::Bytes(b"x".to_vec());
    }
    let Some(described) = content.get("application/json") else { return Body::None };
    let own = path.trim_start_matches("/api/v1").trim_start_matches("/teams/{team_id}");
    let (file, folder) = (names.file, names.folder);
    Body::Json(match (method, own) {
        ("POST", "/batch/delete" | "/batch/move" | "/batch/copy" | "/batch/archive-download") => {
            json!({"file_ids": [file]})
        }
        ("POST", "/shares") => json!({"target": {"type": "file", "id": file}}),
        ("POST", "/folders") => json!({"name": "new", "parent_id": folder}),
        ("POST", "/files/new") => json!({"name": "new", "folder_id": folder}),
        ("POST", "/files/upload/init") => json!({"filename": "new", "total_size": 1, "folder_id": folder}),
        ("PUT", "/auth/password") => {
            json!({"current_password": super::PASSWORD, "new_password": super::PASSWORD})
        }
        ("PUT", "/admin/users/{id}/password") => json!({"password": super::PASSWORD}),
        ("POST", "/auth/login") => json!({"identifier": "olga", "password": super::PASSWORD}),
        ("POST", "/auth/tokens") => json!({"name": "new", "scope": "read"}),
        ("POST", "/admin/teams") => json!({"name": "new", "admin_identifier": "olga"}),
        ("POST", "/members" | "/admin/teams/{id}/members") => json!({"identifier": "nora", "role": "member"}),
        ("POST", "/webdav-accounts/test") => json!({"username": PROGRAM, "password": PROGRAM_PASSWORD}),
        ("PATCH", "/members/{user_id}") => json!({"role": "member"}),
        ("POST", "/admin/policy-groups/{id}/migrate-users") => json!({"target_group_id": 1}),
        _ => sample(&described["schema"], document),
    })
}

/// The smallest value of a schema.
fn sample(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return sample(document.pointer(pointer).expect(reference), document);
    }
    if let Some(first) = ["enum", "anyOf", "oneOf"].iter().find_map(|word| schema[*word].get(0)) {
        return if schema.get("enum").is_some() { first.clone() } else { sample(first, document) };
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let members =
                required.map(|name| (name.to_owned(), sample(&schema["properties"][name], document)));
            members.collect::<Map<_, _>>().into()
        }
        Some("array") => json!([]),
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        Some("string") => json!("sample"),
        _ => Value::Null,
    }
}
