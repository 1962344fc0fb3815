//! How this drive is doing, for administrators: what there is, what it takes under each policy, and what the last days
//! brought. Reads what other domains keep, and changes nothing.

pub(in crate::primary) mod api;
mod store;

use schemars::JsonSchema;
use serde::Serialize;

use crate::db::Db;
use crate::protocol::Timestamp;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// How much there is of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Totals {
    /// Accounts.
    pub users: u64,
    /// Accounts that may log in.
    pub active_users: u64,
    /// Teams that are not archived.
    pub teams: u64,
    /// Files outside the trash.
    pub files: u64,
    /// Stored contents, versions and trash included.
    pub blobs: u64,
    /// Their bytes.
    pub stored_bytes: u64,
    /// Shares, whether they can still be used or not.
    pub shares: u64,
}

/// What lies under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PolicyUse {
    /// The policy; one without blobs is not in the list.
    pub policy_id: i64,
    /// Contents.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Whose uploads a policy group routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GroupUse {
    /// The group; one that nobody has is not in the list.
    pub policy_group_id: i64,
    /// Users who have it.
    pub users: u64,
    /// Teams that have it.
    pub teams: u64,
}

/// One day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Day {
    /// `2026-01-31`.
    pub date: String,
    /// Contents stored that day that are still there.
    pub uploads: u64,
    /// Their bytes.
    pub uploaded_bytes: u64,
    /// Entries of the audit trail.
    pub events: u64,
}

/// All of it, as of one moment or nearly so.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Overview {
    /// How much there is.
    pub totals: Totals,
    /// By policy.
    pub policies: Vec<PolicyUse>,
    /// By policy group.
    pub groups: Vec<GroupUse>,
    /// The last days, the earliest first, none left out; today is the last.
    pub days: Vec<Day>,
}

/// A number of days by the clock of a place.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// How many, today included.
    pub days: u32,
    /// Minutes by which that clock is ahead of UTC.
    pub offset_minutes: i32,
}

/// What there is now.
pub async fn look(db: &Db, span: Span, now: Timestamp) -> Result<Overview, sqlx::Error> {
    let offset = i64::from(span.offset_minutes) * MINUTE_MS;
    let today = (now.unix_ms() + offset).div_euclid(DAY_MS);
    let first = today - i64::from(span.days.max(1)) + 1;
    let policies = store::policies(db).await?;
    let mut totals = store::totals(db).await?;
    totals.blobs = policies.iter().map(|policy| policy.blobs).sum();
    totals.stored_bytes = policies.iter().map(|policy| policy.bytes).sum();
    let since = first * DAY_MS - offset;
    let (uploads, events) =
        (store::uploads(db, offset, since).await?, store::events(db, offset, since).await?);
    let days = (first..=today).map(|day| Day {
        date: date(day),
        uploads: uploads.get(&day).map_or(0, |(blobs, _)| *blobs),
        uploaded_bytes: uploads.get(&day).map_or(0, |(_, bytes)| *bytes),
        events: events.get(&day).copied().unwrap_or(0),
    });
    Ok(Overview { totals, days: days.collect(), groups: store::groups(db).await?, policies })
}

/// The date of a day since 1970.
fn date(day: i64) -> String {
    let text = Timestamp::from_unix_ms(day.saturating_mul(DAY_MS)).to_rfc3339();
    text.chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_the_names_of_the_calendar() {
        assert_eq!((date(0), date(20_513)), ("1970-01-01".to_owned(), "2026-03-01".to_owned()));
    }
}
