//! The OpenAPI document, put together from the routes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::routes::Entry;
use super::schemas::Schemas;
use super::{Description, Routes};
use crate::protocol::{ErrorBody, codes};

const TEAM: &str = "/api/v1/teams/{team_id}/";
const INTRODUCTION: &str = "Every JSON answer is an envelope: `code` 0 is success, with what was asked for in `data`; any \
    other code is a failure, with a text for people in `msg` and stable words for programs in `error`. Times are RFC \
    3339 in UTC, sizes are bytes, ids are integers. Ids that are unknown and ids of somebody else are both 404.\n\n\
    Programs send an API token or an access token as `Authorization: Bearer`. Browsers send cookies; with them, every \
    method but GET needs the header `X-CSRF-Token` with the value of the cookie `aster_csrf`, and an origin that is the \
    site's own. An API token with the scope `read` may only GET.\n\n\
    Everything about files exists twice: for the user's own space, and below `/api/v1/teams/{team_id}` for the space of \
    a team, for its members.";

/// What can go wrong with any operation; statuses without a text of their own are in the default.
const REFUSALS: [(u16, &str); 9] = [
    (400, "The request has a wrong shape or value; the text names the member."),
    (401, "There is no login, or it ended."),
    (403, "Whoever asks may not do this."),
    (404, "There is no such thing, or it is somebody else's."),
    (413, "Too large."),
    (416, "The range lies behind the end."),
    (422, "There can be no preview of this content."),
    (423, "Somebody holds a lock."),
    (507, "The quota, or the store, is full."),
];

/// The document, and what its page needs beside it.
#[derive(Debug)]
pub(in crate::primary) struct Document(Value);

impl Document {
    /// Of these routes.
    pub(in crate::primary) fn of(routes: Routes) -> Self {
        let mut schemas = Schemas::new();
        let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for entry in routes.into_entries() {
            let operation = operation(&entry, &mut schemas);
            let methods = paths.entry(entry.path).or_default();
            methods.insert(entry.method.to_owned(), operation.into());
        }
        let error = schemas.written::<ErrorBody>();
        let (named, renamed) = schemas.join();
        for operation in paths.values_mut().flat_map(Map::values_mut) {
            for part in ["parameters", "requestBody"] {
                if let Some(part) = operation.get_mut(part) {
                    renamed.apply(part);
                }
            }
        }
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "aster_drive",
                "version": env!("CARGO_PKG_VERSION"),
                "description": INTRODUCTION,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {
                "schemas": named,
                "responses": refusals(&error),
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "description": "An API token, or the access token of a login"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "aster_access"},
                    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
                },
            },
        });
        plain(&mut document);
        Self(document)
    }

    /// As a value.
    pub(super) fn value(&self) -> &Value {
        &self.0
    }

    /// As text, for people to read and compare.
    pub(in crate::primary) fn to_text(&self) -> String {
        format!("{:#}\n", self.0)
    }

    /// As text, for programs.
    pub(super) fn to_json(&self) -> String {
        self.0.to_string()
    }
}

fn operation(entry: &Entry, schemas: &mut Schemas) -> Map<String, Value> {
    let mut description = Description::of(entry.method, &entry.path, schemas);
    for (name, meaning) in &entry.headers {
        description.header(name, meaning);
    }
    (entry.describe)(&mut description);
    if entry.takes_form {
        description.form_body();
    }
    let (domain, mut id) = names(entry.handler);
    let mut operation = Map::new();
    let mut tag = if domain == "openapi" { "description".to_owned() } else { domain.replace('_', " ") };
    if entry.path.starts_with(TEAM) && domain != "teams" {
        id = format!("team_{id}");
        tag = "team spaces".to_owned();
    }
    operation.insert("operationId".to_owned(), id.into());
    operation.insert("tags".to_owned(), json!([tag]));
    operation.insert("summary".to_owned(), entry.summary.into());
    operation.extend(description.finish());
    operation
}

/// The domain of a handler, and a name that no other has: its path in the program without what all paths have.
fn names(handler: &str) -> (&str, String) {
    let all: Vec<&str> = handler.split("::").collect();
    let own = all.iter().position(|part| *part == "primary").map_or(all.len().saturating_sub(2), |at| at + 1);
    let domain = all.get(own).copied().unwrap_or_default();
    let parts = all.iter().skip(own).filter(|part| !matches!(**part, "api" | "own")).copied();
    (domain, parts.collect::<Vec<_>>().join("_"))
}

fn refusals(error: &Value) -> Value {
    let schema = json!({
        "type": "object",
        "required": ["code", "msg", "error"],
        "properties": {"code": {"type": "integer", "format": "int64"}, "msg": {"type": "string"}, "error": error},
    });
    let of =
        |meaning: &str| json!({"description": meaning, "content": {"application/json": {"schema": schema}}});
    let mut all: Map<String, Value> =
        REFUSALS.iter().map(|(status, meaning)| (status.to_string(), of(meaning))).collect();
    let default = format!(
        "Any other failure. Some are of the request (408, 409 with what it conflicts with, 411, 412, 415, 423 while \
         somebody holds a lock, {} with `Retry-After`), some of the primary or of the store behind it (5xx); \
         `error.retryable` says whether the same call may succeed later.",
        codes::RATE_LIMITED.status
    );
    all.insert("default".to_owned(), of(&default));
    all.into()
}

/// Comments of the program are written for its own pages; here there is nothing to link to.
fn plain(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => {
                        *text = text.replace("[`", "`").replace("`]", "`");
                    }
                    other => plain(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}
