//! `/admin/config` (primary spec §2.3).

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::{Definition, Kind, Setting, Value};
use crate::http::{ApiError, Json, Path, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::paging::Page;
use crate::protocol::{Origin, Timestamp};

pub(in crate::primary) fn routes() -> Router<Primary> {
    Router::new()
        .route("/admin/config", get(list))
        .route("/admin/config/schema", get(schema))
        .route("/admin/config/{key}", get(read).put(set).delete(reset))
}

/// A value as it travels: scalars as strings, lists as arrays of strings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "`value` must be a string or an array of strings")]
enum WireValue {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
struct SetRequest {
    value: WireValue,
}

#[derive(Debug, Serialize)]
struct SettingInfo {
    key: &'static str,
    value: WireValue,
    value_type: &'static str,
    category: &'static str,
    /// `default` or `database`.
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct DefinitionInfo {
    key: &'static str,
    value_type: &'static str,
    default: WireValue,
    category: &'static str,
    description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u64>,
}

impl From<Value> for WireValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Flag(flag) => Self::One(flag.to_string()),
            Value::Number(number) => Self::One(number.to_string()),
            Value::Origins(origins) => Self::Many(origins.iter().map(Origin::to_string).collect()),
        }
    }
}

impl From<Setting> for SettingInfo {
    fn from(setting: Setting) -> Self {
        Self {
            key: setting.definition.key,
            value: setting.value.into(),
            value_type: setting.definition.kind.name(),
            category: setting.definition.category,
            source: if setting.updated_at.is_some() { "database" } else { "default" },
            updated_at: setting.updated_at,
        }
    }
}

impl From<&'static Definition> for DefinitionInfo {
    fn from(definition: &'static Definition) -> Self {
        let (min, max) = match definition.kind {
            Kind::Number { min, max } => (Some(min), Some(max)),
            Kind::Flag | Kind::Origins => (None, None),
        };
        Self {
            key: definition.key,
            value_type: definition.kind.name(),
            default: definition.default_value().into(),
            category: definition.category,
            description: definition.doc,
            min,
            max,
        }
    }
}

async fn list(State(primary): State<Primary>, _: Admin) -> impl IntoResponse {
    let items: Vec<SettingInfo> = primary.settings.list().into_iter().map(SettingInfo::from).collect();
    ok(Page::complete(items))
}

async fn schema(State(primary): State<Primary>, _: Admin) -> impl IntoResponse {
    let items: Vec<DefinitionInfo> =
        primary.settings.list().into_iter().map(|setting| setting.definition.into()).collect();
    ok(items)
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(key): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(SettingInfo::from(primary.settings.get(&key)?)))
}

async fn set(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(key): Path<String>,
    Json(request): Json<SetRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let texts = match request.value {
        WireValue::One(text) => vec![text],
        WireValue::Many(texts) => texts,
    };
    let setting = primary.settings.set(&key, &texts).await?;
    tracing::info!(user.id = admin.id, setting = setting.definition.key, "setting changed");
    primary.audit.record(&admin, Action::Change, Entity::Setting, None, setting.definition.key).await;
    Ok(ok(SettingInfo::from(setting)))
}

async fn reset(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(key): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let setting = primary.settings.reset(&key).await?;
    tracing::info!(user.id = admin.id, setting = setting.definition.key, "setting returned to its default");
    primary.audit.record(&admin, Action::Delete, Entity::Setting, None, setting.definition.key).await;
    Ok(ok(SettingInfo::from(setting)))
}
