//! Members of a change of which "left out" and "null" mean two things.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// A member that may be left out (no change), null (none: the root), or a value. Use with `#[serde(default)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patch<T>(Option<Option<T>>);

impl<T> Patch<T> {
    /// `None` when it was left out.
    pub(super) fn given(self) -> Option<Option<T>> {
        self.0
    }
}

impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Change {
        #[serde(default)]
        folder_id: Patch<i64>,
    }

    #[test]
    fn left_out_null_and_a_value_are_three_things() {
        let read = |text| serde_json::from_str::<Change>(text).expect(text).folder_id.given();
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"folder_id":null}"#), Some(None));
        assert_eq!(read(r#"{"folder_id":3}"#), Some(Some(3)));
        assert!(serde_json::from_str::<Change>(r#"{"folder_id":"3"}"#).is_err());
    }
}
