//! `/admin/config` (primary spec §2.3).

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Definition, Kind, Setting, Value};
use crate::http::{ApiError, Json, Path, Reply, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::openapi::{Routes, get};
use crate::primary::paging::Page;
use crate::protocol::{Origin, Timestamp};

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/admin/config", get(list, "Settings with their values"))
        .route("/admin/config/schema", get(schema, "What settings there are and what they take"))
        .route(
            "/admin/config/{key}",
            get(read, "A setting")
                .put(set, "Change a setting")
                .delete(reset, "Return a setting to its default"),
        )
}

/// A value as it travels: scalars as strings, lists as arrays of strings.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "`value` must be a string or an array of strings")]
#[schemars(rename = "SettingValue")]
enum WireValue {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SetRequest {
    value: WireValue,
}

/// Where a value comes from.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SettingSource")]
#[serde(rename_all = "snake_case")]
enum Source {
    /// Nobody set another.
    Default,
    /// It was set.
    Database,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SettingInfo {
    key: &'static str,
    value: WireValue,
    value_type: &'static str,
    category: &'static str,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, JsonSchema)]
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
            Value::Names(names) => Self::Many(names),
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
            source: if setting.updated_at.is_some() { Source::Database } else { Source::Default },
            updated_at: setting.updated_at,
        }
    }
}

impl From<&'static Definition> for DefinitionInfo {
    fn from(definition: &'static Definition) -> Self {
        let (min, max) = match definition.kind {
            Kind::Number { min, max } => (Some(min), Some(max)),
            Kind::Flag | Kind::Origins | Kind::Names => (None, None),
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

async fn list(State(primary): State<Primary>, _: Admin) -> Reply<Page<SettingInfo>> {
    let items: Vec<SettingInfo> = primary.settings.list().into_iter().map(SettingInfo::from).collect();
    ok(Page::complete(items))
}

async fn schema(State(primary): State<Primary>, _: Admin) -> Reply<Vec<DefinitionInfo>> {
    let items: Vec<DefinitionInfo> =
        primary.settings.list().into_iter().map(|setting| setting.definition.into()).collect();
    ok(items)
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(key): Path<String>,
) -> Result<Reply<SettingInfo>, ApiError> {
    Ok(ok(SettingInfo::from(primary.settings.get(&key)?)))
}

async fn set(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(key): Path<String>,
    Json(request): Json<SetRequest>,
) -> Result<Reply<SettingInfo>, ApiError> {
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
) -> Result<Reply<SettingInfo>, ApiError> {
    let setting = primary.settings.reset(&key).await?;
    tracing::info!(user.id = admin.id, setting = setting.definition.key, "setting returned to its default");
    primary.audit.record(&admin, Action::Delete, Entity::Setting, None, setting.definition.key).await;
    Ok(ok(SettingInfo::from(setting)))
}
