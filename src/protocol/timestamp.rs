//! Points in time as both ends write them: Unix milliseconds inside, RFC 3339 UTC in JSON.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time with millisecond precision. In JSON `2026-01-01T00:00:00Z` or with a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The clock of this machine.
    pub fn now() -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }

    /// From Unix milliseconds, as the database keeps them.
    pub fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Unix milliseconds.
    pub fn unix_ms(self) -> i64 {
        self.0
    }

    /// Unix seconds, rounded down.
    pub fn unix_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `secs` seconds later.
    #[must_use]
    pub fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1000)))
    }

    /// RFC 3339, UTC. Times outside the years 0 to 9999 read as the epoch.
    pub fn to_rfc3339(self) -> String {
        let nanos = i128::from(self.0) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos)
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// HTTP dates (RFC 9110 §5.6.7), to the second.
impl Timestamp {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`. Times outside the years 0 to 9999 read as the epoch.
    pub fn to_http_date(self) -> String {
        let time = OffsetDateTime::from_unix_timestamp(self.unix_secs());
        let time =
            time.ok().filter(|time| (0..=9999).contains(&time.year())).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (day, month) = (time.weekday().to_string(), time.month().to_string());
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
            &day[..3],
            time.day(),
            &month[..3],
            time.year(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    /// Reads the form that [`Self::to_http_date`] writes; nobody sends the older ones any more.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let (_, rest) = text.trim().split_once(", ")?;
        let parts: Vec<&str> = rest.split(' ').collect();
        let [day, month, year, clock, "GMT"] = parts[..] else { return None };
        let months = (1..=12).filter_map(|number| time::Month::try_from(number).ok());
        let month = months.into_iter().find(|name| name.to_string()[..3].eq_ignore_ascii_case(month))?;
        let date = time::Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
        let clock: Vec<u8> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [hour, minute, second] = clock[..] else { return None };
        let time = time::Time::from_hms(hour, minute, second.min(59)).ok()?;
        Some(Self(date.with_time(time).assume_utc().unix_timestamp().saturating_mul(1000)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .ok_or_else(|| de::Error::custom("expected an RFC 3339 time such as 2026-01-31T12:00:00Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_and_read_with_any_offset() {
        let time = Timestamp::from_unix_ms(1_767_225_600_250);
        assert_eq!(time.to_rfc3339(), "2026-01-01T00:00:00.25Z");
        assert_eq!(Timestamp::parse_rfc3339("2026-01-01T02:00:00.25+02:00"), Some(time));
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
        assert_eq!(Timestamp::from_unix_ms(i64::MAX).to_rfc3339(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn http_dates_are_read_as_they_are_written() {
        let time = Timestamp::from_unix_ms(784_111_777_900);
        assert_eq!(time.to_http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        let back = Timestamp::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(back, Some(Timestamp::from_unix_ms(784_111_777_000)));
        assert_eq!(Timestamp::from_unix_ms(i64::MAX).to_http_date(), "Thu, 01 Jan 1970 00:00:00 GMT");
        for bad in [
            "",
            "yesterday",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 6 Nov GMT",
        ] {
            assert_eq!(Timestamp::parse_http_date(bad), None, "{bad}");
        }
    }
}
