//! Bodies of the object operations (wire contract §5).

use serde::{Deserialize, Serialize};

/// `GET …/objects/{key}/metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataReply {
    /// Bytes.
    pub size: u64,
    /// `null` on local storage, which keeps no types.
    pub content_type: Option<String>,
}

/// `GET …/objects`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReply {
    /// Keys relative to the binding's namespace, ascending by bytes.
    pub items: Vec<String>,
}

/// `POST …/compose`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComposeRequest {
    /// Object to create or replace.
    pub target_key: String,
    /// Objects to concatenate, in order; removed afterwards.
    pub part_keys: Vec<String>,
    /// Sum of the part sizes. Signed on the wire, so that a negative value is answered and not misread.
    pub expected_size: i64,
}

/// Answer to a compose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComposeReply {
    /// Size of the target.
    pub bytes_written: u64,
}
