//! JSON schemas of what is read and what is written. A type may read and write differently (a member with a default may
//! be left out by a client, and is always there in an answer), so the two are made apart and joined at the end.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

const PLACE: &str = "#/components/schemas/";

pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }

    /// Of a body that is read.
    pub(super) fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// Of members that are read from elsewhere: the type itself, never a reference to it.
    pub(super) fn members<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.read).to_value()
    }

    /// Of an answer.
    pub(super) fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    /// All named schemas; see [`never_null`]. And new names for those that are read in another way than they are written.
    pub(super) fn join(mut self) -> (Map<String, Value>, Renamed) {
        let mut all = self.written.take_definitions(true);
        all.values_mut().for_each(never_null);
        let read = self.read.take_definitions(true);
        let mut differ: BTreeSet<&str> = BTreeSet::new();
        loop {
            let found: BTreeSet<&str> = read
                .iter()
                .filter(|(name, schema)| {
                    let other = all.get(*name);
                    other.is_some_and(|other| {
                        other != *schema || names(schema).any(|name| differ.contains(name))
                    })
                })
                .map(|(name, _)| name.as_str())
                .collect();
            if found.len() == differ.len() {
                break;
            }
            differ = found;
        }
        let renamed = differ.into_iter().map(|name| (name.to_owned(), format!("{name}Input"))).collect();
        let renamed = Renamed(renamed);
        for (name, mut schema) in read {
            renamed.apply(&mut schema);
            all.insert(renamed.0.get(&name).cloned().unwrap_or(name), schema);
        }
        (all, renamed)
    }
}

/// A member with this on its type may be left out and may be `null`, for two reasons.
const NULL_OR_LEFT_OUT: &str = "x-null-or-left-out";

/// What is left out of an answer when there is none is never `null` there; the type that is read alike takes both.
fn never_null(schema: &mut Value) {
    let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(schema) = schema.as_object_mut() else { return };
    if schema.remove(NULL_OR_LEFT_OUT).is_some() {
        return;
    }
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, member) in members.into_iter().flatten() {
        if !required.iter().any(|known| known == name) {
            without_null(member);
        }
    }
}

/// Takes `null` from what a schema allows.
pub(super) fn without_null(schema: &mut Value) {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        schema["type"] = if kinds.len() == 1 { kinds[0].clone() } else { kinds.into() };
    }
    let Some(alternatives) = schema["anyOf"].as_array() else { return };
    let mut left: Vec<Value> = alternatives.iter().filter(|one| one["type"] != "null").cloned().collect();
    let Some(schema) = schema.as_object_mut() else { return };
    match left.pop() {
        Some(Value::Object(one)) if left.is_empty() => {
            schema.remove("anyOf");
            schema.extend(one);
        }
        Some(last) => {
            left.push(last);
            schema.insert("anyOf".to_owned(), left.into());
        }
        None => {}
    }
}

/// Names of schemas that are read, old and new.
pub(super) struct Renamed(BTreeMap<String, String>);

impl Renamed {
    /// Puts the new names into the references of something that is read.
    pub(super) fn apply(&self, value: &mut Value) {
        visit(value, &mut |reference| {
            let new = reference.strip_prefix(PLACE).and_then(|name| self.0.get(name));
            if let Some(new) = new {
                *reference = format!("{PLACE}{new}");
            }
        });
    }
}

fn visit(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "$ref" => change(text),
                    other => visit(other, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, change)),
        _ => {}
    }
}

/// Names that a schema refers to.
fn names(schema: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match schema {
        Value::Object(members) => Box::new(members.iter().flat_map(|(name, member)| match member {
            Value::String(text) if name == "$ref" => {
                Box::new(text.strip_prefix(PLACE).into_iter()) as Box<dyn Iterator<Item = &str>>
            }
            other => names(other),
        })),
        Value::Array(items) => Box::new(items.iter().flat_map(names)),
        _ => Box::new(std::iter::empty()),
    }
}

/// The named schema that a reference means.
pub(super) fn referred(reference: &str) -> Option<&str> {
    reference.strip_prefix(PLACE)
}
