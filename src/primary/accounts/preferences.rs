//! What a user chose for the pages: a few bounded values, of which the server only keeps the record.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{AccountError, Accounts, store};
use crate::primary::paging::SortOrder;

/// Longest language tag (RFC 5646 asks for room for 35).
const MAX_LANGUAGE_BYTES: usize = 35;
/// Longest name of a time zone.
const MAX_TIME_ZONE_BYTES: usize = 64;

/// The choices of a user; `None` is the page's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Preferences {
    /// Language tag such as `en` or `zh-CN`.
    pub language: Option<String>,
    /// Light or dark.
    pub theme: Option<Theme>,
    /// Colour, `#rrggbb`.
    pub accent: Option<String>,
    /// How a folder is shown.
    pub view: Option<View>,
    /// What a folder is sorted by.
    pub sort_by: Option<SortKey>,
    /// In which direction.
    pub sort_order: Option<SortOrder>,
    /// IANA name of the zone times are shown in, such as `Europe/Berlin`.
    pub time_zone: Option<String>,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    System,
    Light,
    Dark,
}

/// How a folder is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    List,
    Grid,
}

/// What a folder is sorted by (primary spec §2.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    Name,
    Size,
    CreatedAt,
    UpdatedAt,
    Type,
}

/// A change of some choices: an absent member leaves one, `null` returns it to the page's default.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PreferencesChange {
    #[serde(deserialize_with = "present")]
    language: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    theme: Option<Option<Theme>>,
    #[serde(deserialize_with = "present")]
    accent: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    view: Option<Option<View>>,
    #[serde(deserialize_with = "present")]
    sort_by: Option<Option<SortKey>>,
    #[serde(deserialize_with = "present")]
    sort_order: Option<Option<SortOrder>>,
    #[serde(deserialize_with = "present")]
    time_zone: Option<Option<String>>,
}

/// Which choice was refused, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPreference {
    /// The language.
    #[error("language must be a language tag such as en or zh-CN, at most {MAX_LANGUAGE_BYTES} characters")]
    Language,
    /// The colour.
    #[error("accent must be a colour such as #2563eb")]
    Accent,
    /// The time zone.
    #[error(
        "time_zone must be the name of a time zone such as Europe/Berlin, at most {MAX_TIME_ZONE_BYTES} characters"
    )]
    TimeZone,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Preferences {
    /// Refuses values that are too long or of the wrong form.
    pub(super) fn check(&self) -> Result<(), InvalidPreference> {
        let made_of = |text: &str, most: usize, more: &str| {
            let legal = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            (1..=most).contains(&text.len()) && text.chars().all(legal)
        };
        let is_color = |text: &str| {
            text.strip_prefix('#')
                .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        if self.language.as_deref().is_some_and(|text| !made_of(text, MAX_LANGUAGE_BYTES, "-")) {
            return Err(InvalidPreference::Language);
        }
        if self.accent.as_deref().is_some_and(|text| !is_color(text)) {
            return Err(InvalidPreference::Accent);
        }
        if self.time_zone.as_deref().is_some_and(|text| !made_of(text, MAX_TIME_ZONE_BYTES, "/_+-")) {
            return Err(InvalidPreference::TimeZone);
        }
        Ok(())
    }

    /// With a change carried out.
    pub(super) fn changed(self, change: PreferencesChange) -> Self {
        Self {
            language: change.language.unwrap_or(self.language),
            theme: change.theme.unwrap_or(self.theme),
            accent: change.accent.unwrap_or(self.accent),
            view: change.view.unwrap_or(self.view),
            sort_by: change.sort_by.unwrap_or(self.sort_by),
            sort_order: change.sort_order.unwrap_or(self.sort_order),
            time_zone: change.time_zone.unwrap_or(self.time_zone),
        }
    }

    pub(super) fn to_stored(&self) -> String {
        serde_json::to_string(self).expect("texts and words are JSON")
    }

    /// Reads what the database keeps; what another release wrote and this one does not know is dropped.
    pub(super) fn from_stored(stored: &str) -> Self {
        serde_json::from_str(stored).unwrap_or_default()
    }
}

impl Accounts {
    /// Puts `preferences` in place of what a user chose.
    pub async fn set_preferences(
        &self,
        user_id: i64,
        preferences: Preferences,
    ) -> Result<Preferences, AccountError> {
        self.update_preferences(user_id, |_| preferences).await
    }

    /// Changes some of what a user chose.
    pub async fn change_preferences(
        &self,
        user_id: i64,
        change: PreferencesChange,
    ) -> Result<Preferences, AccountError> {
        self.update_preferences(user_id, |before| before.changed(change)).await
    }

    async fn update_preferences(
        &self,
        user_id: i64,
        update: impl FnOnce(Preferences) -> Preferences + Send,
    ) -> Result<Preferences, AccountError> {
        let mut tx = self.db.begin().await?;
        let account = store::user_for_change(&mut tx, user_id).await?;
        let preferences = update(account.ok_or(AccountError::NotFound(user_id))?.preferences);
        preferences.check()?;
        store::set_preferences(&mut tx, user_id, &preferences).await?;
        tx.commit().await?;
        Ok(preferences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Preferences {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_null_resets() {
        let before = read(r##"{"language":"en","theme":"dark","accent":"#2563eb","view":"grid"}"##);
        let change = serde_json::from_str(r#"{"theme":null,"view":"list"}"#).expect("change");
        let after = before.changed(change);
        assert_eq!(after, read(r##"{"language":"en","accent":"#2563eb","view":"list"}"##));
        assert_eq!(Preferences::from_stored(&after.to_stored()), after);
        assert_eq!(Preferences::from_stored(r#"{"of_the_future":1}"#), Preferences::default());
    }

    #[test]
    fn values_are_bounded_and_unknown_members_refused_by_name() {
        for good in [
            r#"{"language":"zh-CN","time_zone":"America/Argentina/Buenos_Aires"}"#,
            r##"{"accent":"#A1b2C3","sort_by":"created_at","sort_order":"desc","time_zone":"Etc/GMT+3"}"##,
        ] {
            assert_eq!(read(good).check(), Ok(()), "{good}");
        }
        let long = format!(r#"{{"language":"{}"}}"#, "x".repeat(36));
        for (bad, why) in [
            (r#"{"language":""}"#, InvalidPreference::Language),
            (r#"{"language":"en us"}"#, InvalidPreference::Language),
            (long.as_str(), InvalidPreference::Language),
            (r#"{"accent":"red"}"#, InvalidPreference::Accent),
            (r##"{"accent":"#12345g"}"##, InvalidPreference::Accent),
            (r#"{"time_zone":"<b>"}"#, InvalidPreference::TimeZone),
        ] {
            assert_eq!(read(bad).check(), Err(why), "{bad}");
        }
        let error = serde_json::from_str::<PreferencesChange>(r#"{"colour":"x"}"#).expect_err("unknown");
        assert!(error.to_string().contains("`colour`"), "{error}");
    }
}
