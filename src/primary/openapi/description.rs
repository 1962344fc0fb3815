//! What the types in a handler's signature say about its operation.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::schemas::{Schemas, without_null};

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::primary) enum Access {
    /// Whoever comes, some of them with a token in the path.
    Public,
    /// Whoever is logged in or has an API token; who changes something, one with the scope `write`.
    User,
    /// Whoever is logged in, without API tokens.
    LoggedIn,
    /// Administrators.
    Admin,
}

impl Access {
    /// The word for it in the document.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::User => "user",
            Self::LoggedIn => "login",
            Self::Admin => "admin",
        }
    }
}

/// An operation while its types describe it.
pub(in crate::primary) struct Description<'a> {
    schemas: &'a mut Schemas,
    method: &'static str,
    path: &'a str,
    access: Access,
    parameters: Vec<Value>,
    body: Option<Value>,
    replies: BTreeMap<u16, Value>,
    errors: BTreeSet<u16>,
}

/// An argument of a handler.
pub(in crate::primary) trait Input {
    /// Adds what it says about the operation.
    fn describe(description: &mut Description<'_>);
}

/// What a handler gives.
pub(in crate::primary) trait Output {
    /// Adds what it says about the operation.
    fn describe(description: &mut Description<'_>);
}

/// A handler whose arguments and answer say what they are; `T` is the one of [`axum::handler::Handler`].
pub(in crate::primary) trait Documented<T> {
    /// Adds everything that the signature says.
    fn describe(description: &mut Description<'_>);
}

/// A response that was put together by hand and reads as `T` says.
#[derive(Debug)]
pub(in crate::primary) struct Shaped<T> {
    response: Response,
    shape: PhantomData<fn() -> T>,
}

impl<T> From<Response> for Shaped<T> {
    fn from(response: Response) -> Self {
        Self { response, shape: PhantomData }
    }
}

impl<T> IntoResponse for Shaped<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

/// The content of a file, or of a part of it, or the way to it.
#[derive(Debug)]
pub(in crate::primary) enum Content {}

/// An archive that is made while it is sent.
#[derive(Debug)]
pub(in crate::primary) enum Archive {}

/// A picture, or the news that it is being made.
#[derive(Debug)]
pub(in crate::primary) enum Picture {}

impl<'a> Description<'a> {
    pub(super) fn of(method: &'static str, path: &'a str, schemas: &'a mut Schemas) -> Self {
        Self {
            schemas,
            method,
            path,
            access: Access::Public,
            parameters: Vec::new(),
            body: None,
            replies: BTreeMap::new(),
            errors: BTreeSet::new(),
        }
    }

    /// Whether the method only reads.
    fn is_safe(&self) -> bool {
        self.method == "get"
    }

    /// Closes the operation to all but those.
    pub(in crate::primary) fn allow(&mut self, access: Access) {
        self.access = self.access.max(access);
        self.errors.insert(401);
        if !self.is_safe() || access > Access::User {
            self.errors.insert(403);
        }
    }

    /// Members of the path.
    pub(super) fn path_members<T: JsonSchema>(&mut self) {
        let schema = self.schemas.members::<T>();
        let names: Vec<&str> =
            self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let members: Vec<(String, Value)> = if let Some(members) = schema["properties"].as_object() {
            members.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect()
        } else if let Some(items) = schema["prefixItems"].as_array() {
            names.iter().map(ToString::to_string).zip(items.iter().cloned()).collect()
        } else {
            names.iter().map(ToString::to_string).zip([schema]).collect()
        };
        for (name, schema) in members {
            self.parameter("path", &name, true, schema);
        }
    }

    /// Members of the query.
    pub(super) fn query_members<T: JsonSchema>(&mut self) {
        let schema = self.schemas.members::<T>();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let mut member = member.clone();
            // There is no way to write it there.
            without_null(&mut member);
            self.parameter("query", name, required.contains(&name.as_str()), member);
        }
        self.errors.insert(400);
    }

    /// A header that counts.
    pub(super) fn header(&mut self, name: &str, meaning: &str) {
        let schema = json!({"type": "string", "description": meaning});
        self.parameter("header", name, false, schema);
    }

    fn parameter(&mut self, place: &str, name: &str, required: bool, mut schema: Value) {
        let meaning = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut parameter = json!({"name": name, "in": place, "required": required, "schema": schema});
        if let Some(meaning) = meaning {
            parameter["description"] = meaning;
        }
        self.parameters.push(parameter);
    }

    /// A JSON body.
    pub(super) fn json_body<T: JsonSchema>(&mut self, required: bool) {
        let schema = self.schemas.read::<T>();
        self.body = Some(json!({"required": required, "content": {"application/json": {"schema": schema}}}));
        self.errors.extend([400, 413]);
    }

    /// The bytes of a file.
    pub(super) fn bytes_body(&mut self) {
        self.body = Some(json!({"required": true, "content": {"application/octet-stream": {}}}));
        self.errors.extend([400, 413, 507]);
    }

    /// A form with the bytes of a file.
    pub(super) fn form_body(&mut self) {
        let file = json!({"type": "string", "contentMediaType": "application/octet-stream"});
        let form = json!({"type": "object", "required": ["file"], "properties": {"file": file}});
        self.body = Some(json!({"required": true, "content": {"multipart/form-data": {"schema": form}}}));
    }

    /// A JSON answer; nothing but success when there is no data.
    pub(super) fn json_reply<T: JsonSchema>(&mut self, status: u16) {
        let data = self.schemas.written::<T>();
        self.replies.insert(status, reply_of(status, &envelope(data)));
    }

    /// Another answer.
    pub(in crate::primary) fn reply(&mut self, status: u16, meaning: &str, media: &[&str]) {
        let mut reply = json!({"description": meaning});
        if !media.is_empty() {
            let content = media.iter().map(|media| ((*media).to_owned(), json!({})));
            reply["content"] = content.collect::<Map<_, _>>().into();
        }
        self.replies.insert(status, reply);
    }

    /// A refusal that the type leads to.
    pub(in crate::primary) fn refusal(&mut self, status: u16) {
        self.errors.insert(status);
    }

    /// The operation in OpenAPI's words.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        self.add_team();
        let has_path = self.parameters.iter().any(|parameter| parameter["in"] == "path");
        if has_path {
            self.errors.insert(404);
        }
        let mut replies: Map<String, Value> =
            self.replies.into_iter().map(|(status, reply)| (status.to_string(), reply)).collect();
        for status in self.errors {
            let reference = json!({"$ref": format!("#/components/responses/{status}")});
            replies.entry(status.to_string()).or_insert(reference);
        }
        replies.insert("default".to_owned(), json!({"$ref": "#/components/responses/default"}));
        let security = match (self.access, self.method == "get") {
            (Access::Public, _) => json!([]),
            (_, true) => json!([{"bearer": []}, {"cookie": []}]),
            (_, false) => json!([{"bearer": []}, {"cookie": [], "csrf": []}]),
        };
        let mut operation = Map::new();
        operation.insert("x-access".to_owned(), self.access.word().into());
        operation.insert("security".to_owned(), security);
        if !self.parameters.is_empty() {
            operation.insert("parameters".to_owned(), self.parameters.into());
        }
        if let Some(body) = self.body {
            operation.insert("requestBody".to_owned(), body);
        }
        operation.insert("responses".to_owned(), replies.into());
        operation
    }

    /// What handlers for any space do not name themselves.
    fn add_team(&mut self) {
        let named = self.parameters.iter().any(|parameter| parameter["name"] == "team_id");
        if self.path.contains("/{team_id}") && !named {
            self.parameter("path", "team_id", true, json!({"type": "integer", "format": "int64"}));
        }
    }
}

/// A success around `data`.
fn envelope(data: Value) -> Value {
    let (code, msg) = (json!({"const": 0}), json!({"type": "string"}));
    if data["type"] == "null" {
        return json!({"type": "object", "required": ["code", "msg"], "properties": {"code": code, "msg": msg}});
    }
    json!({
        "type": "object",
        "required": ["code", "msg", "data"],
        "properties": {"code": code, "msg": msg, "data": data},
    })
}

fn reply_of(status: u16, schema: &Value) -> Value {
    let meaning = match status {
        201 => "Made.",
        202 => "Not yet; ask again.",
        _ => "Done.",
    };
    json!({"description": meaning, "content": {"application/json": {"schema": schema}}})
}
