//! The object that every JSON reply is (wire contract §1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ErrorCode;

/// A JSON reply. `code` 0 is success; an empty success is exactly `{"code":0,"msg":""}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// 0, or the number of the failure.
    pub code: i64,
    /// `""`, or a text for people.
    #[serde(default)]
    pub msg: String,
    /// What the operation returns, if it returns something.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// Only on failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
}

/// The machine-readable part of a failure. Unknown members are ignored by every reader.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Stable text; equals `subcode` where there is one.
    #[serde(default)]
    pub code: String,
    /// Family of the failure, `E…`.
    #[serde(default)]
    pub internal_code: String,
    /// Finer stable text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<String>,
    /// Whether the same call may succeed later by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// Structured detail beyond the wire contract (for example the diagnosis of a failed node test).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

fn none<T>() -> Option<T> {
    None
}

impl<T> Envelope<T> {
    /// A success that carries `data`.
    pub fn of(data: T) -> Self {
        Self { code: 0, msg: String::new(), data: Some(data), error: None }
    }

    /// A failure of the family `code`.
    pub fn failure(code: &ErrorCode, msg: impl Into<String>, detail: Option<serde_json::Value>) -> Self {
        let error = ErrorBody {
            code: code.text.to_owned(),
            internal_code: code.internal.to_owned(),
            subcode: code.is_subcode.then(|| code.text.to_owned()),
            retryable: code.retryable,
            detail,
        };
        Self { code: code.number, msg: msg.into(), data: None, error: Some(error) }
    }
}

impl Envelope<()> {
    /// A success that carries nothing.
    pub fn empty() -> Self {
        Self { code: 0, msg: String::new(), data: None, error: None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes;
    use super::*;

    #[test]
    fn an_empty_success_has_exactly_two_members() {
        let text = serde_json::to_string(&Envelope::empty()).expect("json");
        assert_eq!(text, r#"{"code":0,"msg":""}"#);
    }

    #[test]
    fn a_failure_with_subcode_repeats_it_as_code() {
        let reply: Envelope<()> = Envelope::failure(&codes::INGRESS_REQUIRED, "no target", None);
        let text = serde_json::to_string(&reply).expect("json");
        assert_eq!(
            text,
            r#"{"code":3010,"msg":"no target","error":{"code":"managed_ingress.required","internal_code":"E060","subcode":"managed_ingress.required"}}"#
        );
    }

    #[test]
    fn readers_accept_missing_null_and_unknown_members() {
        for text in [r#"{"code":0}"#, r#"{"code":0,"msg":"","data":null,"more":[1]}"#] {
            let reply: Envelope<u64> = serde_json::from_str(text).expect(text);
            assert_eq!(reply.data, None);
        }
    }
}
