//! Lists with an offset (primary spec §2.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(in crate::primary) struct PageQuery {
    limit: Option<u32>,
    #[serde(default)]
    offset: u32,
}

impl PageQuery {
    /// Items to give, 1 to [`MAX_LIMIT`].
    pub(in crate::primary) fn limit(self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }

    /// Items to pass over.
    pub(in crate::primary) fn offset(self) -> u32 {
        self.offset
    }
}

/// Direction of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// Smallest first.
    Asc,
    /// Largest first.
    #[default]
    Desc,
}

impl SortOrder {
    /// The word behind `ORDER BY column`.
    pub(in crate::primary) fn as_sql(self) -> &'static str {
        match self {
            Self::Asc => "ASC",
            Self::Desc => "DESC",
        }
    }
}

/// A part of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(in crate::primary) struct Page<T> {
    items: Vec<T>,
    total: u64,
    limit: u32,
    offset: u32,
}

impl<T> Page<T> {
    /// The part that `query` asked for, of `total` items.
    pub(in crate::primary) fn of(items: Vec<T>, total: u64, query: PageQuery) -> Self {
        Self { items, total, limit: query.limit(), offset: query.offset() }
    }

    /// A short list that is always given whole.
    pub(in crate::primary) fn complete(items: Vec<T>) -> Self {
        let total = items.len();
        Self {
            items,
            total: total.try_into().unwrap_or(u64::MAX),
            limit: total.try_into().unwrap_or(u32::MAX),
            offset: 0,
        }
    }
}
