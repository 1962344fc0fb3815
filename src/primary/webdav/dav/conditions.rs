//! What a request makes its condition: `If` (RFC 4918 §10.4) and the headers of RFC 9110 §13.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use http::{HeaderMap, HeaderName, header};

use super::Call;
use super::address::Address;
use super::problem::Problem;
use crate::primary::files::{Entry, FileRecord, Item};
use crate::primary::webdav::places::Place;
use crate::protocol::Timestamp;

/// Characters of a hash in an entity tag; 128 bits of it.
const TAG_CHARS: usize = 32;
/// Lists in one header.
const MAX_LISTS: usize = 64;

/// A list of `If`: it holds when all of its conditions do.
#[derive(Debug, PartialEq, Eq)]
struct List {
    /// The URL that it is about; none is the one of the request.
    about: Option<String>,
    conditions: Vec<Condition>,
}

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    negated: bool,
    wanted: Wanted,
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Token(String),
    Tag(String),
}

/// What conditions look at.
#[derive(Debug, Default)]
struct State {
    tag: Option<String>,
    tokens: Vec<String>,
}

/// Looks at all conditions of a request that changes what is at `place`, and gives the lock tokens that it shows.
pub(super) async fn check(call: &Call, place: &Place) -> Result<Vec<String>, Problem> {
    let file = file_of(place);
    let exists = file.is_some() || place.is_folder();
    if let Verdict::Failed | Verdict::Unchanged = http_conditions(call, file, exists) {
        return Err(Problem::precondition(
            "a condition of the request does not hold: it has changed since it was read",
        ));
    }
    check_if(call, place).await
}

async fn check_if(call: &Call, place: &Place) -> Result<Vec<String>, Problem> {
    let Some(value) = call.headers.get("if") else { return Ok(Vec::new()) };
    let text = value.to_str().map_err(|_| Problem::bad_request("If: cannot be read"))?;
    let lists = parse(text).ok_or_else(|| Problem::bad_request("If: cannot be read"))?;
    let mut states: HashMap<Option<&str>, State> = HashMap::from([(None, state_of(call, place).await?)]);
    let mut holds = false;
    for list in &lists {
        let about = list.about.as_deref();
        let state = match states.entry(about) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(slot) => slot.insert(state_at(call, about.unwrap_or_default()).await?),
        };
        holds = holds
            || list.conditions.iter().all(|condition| state.fits(&condition.wanted) != condition.negated);
    }
    if !holds {
        return Err(Problem::precondition("the condition of If: does not hold"));
    }
    let conditions = lists.into_iter().flat_map(|list| list.conditions);
    Ok(conditions
        .filter_map(|condition| match condition.wanted {
            Wanted::Token(token) => Some(token),
            Wanted::Tag(_) => None,
        })
        .collect())
}

/// The state at a URL of the header; of one that leads nowhere nothing holds.
async fn state_at(call: &Call, url: &str) -> Result<State, Problem> {
    let Ok(address) = Address::of_url(url, &call.headers, &call.primary) else { return Ok(State::default()) };
    let place = call.place_of(&address).await?;
    state_of(call, &place).await
}

async fn state_of(call: &Call, place: &Place) -> Result<State, Problem> {
    let files = &call.primary.files;
    let locks = match place {
        Place::Entry { spot, entry } => files.locks_on(spot.space, entry.item()).await?,
        Place::Top { space, folder: Some(folder) } => files.locks_on(*space, Item::Folder(folder.id)).await?,
        Place::Free(spot) => files.locks_over(spot.space, spot.folder_id).await?,
        _ => Vec::new(),
    };
    Ok(State {
        tag: file_of(place).map(tag_of),
        tokens: locks.into_iter().filter_map(|lock| lock.token).collect(),
    })
}

impl State {
    fn fits(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Token(token) => self.tokens.contains(token),
            Wanted::Tag(tag) => self.tag.as_ref() == Some(tag),
        }
    }
}

fn file_of(place: &Place) -> Option<&FileRecord> {
    match place {
        Place::Entry { entry: Entry::File(file), .. } => Some(file),
        _ => None,
    }
}

/// The entity tag of a file's content: half of its hash, because programs have little room for a header with several.
pub(super) fn tag_of(file: &FileRecord) -> String {
    let hash = &file.blob.hash;
    format!("\"{}\"", hash.get(..TAG_CHARS).unwrap_or(hash))
}

/// What the headers of RFC 9110 say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    /// For GET and HEAD: 304.
    Unchanged,
    Failed,
}

/// In the order of RFC 9110 §13.2.2. A folder has neither tag nor date.
pub(super) fn http_conditions(call: &Call, file: Option<&FileRecord>, exists: bool) -> Verdict {
    let tag = file.map(tag_of);
    let changed = file.map(|file| file.updated_at);
    decide(&call.headers, tag.as_deref(), changed, exists)
}

fn decide(headers: &HeaderMap, tag: Option<&str>, changed: Option<Timestamp>, exists: bool) -> Verdict {
    let date = |name: HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).and_then(Timestamp::parse_http_date)
    };
    if headers.contains_key(header::IF_MATCH) {
        // Compared strongly: a weak tag never fits.
        if !names_one(headers, &header::IF_MATCH, tag, exists, false) {
            return Verdict::Failed;
        }
    } else if let (Some(since), Some(changed)) = (date(header::IF_UNMODIFIED_SINCE), changed)
        && changed.unix_secs() > since.unix_secs()
    {
        return Verdict::Failed;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        if names_one(headers, &header::IF_NONE_MATCH, tag, exists, true) {
            return Verdict::Unchanged;
        }
    } else if let (Some(since), Some(changed)) = (date(header::IF_MODIFIED_SINCE), changed)
        && changed.unix_secs() <= since.unix_secs()
    {
        return Verdict::Unchanged;
    }
    Verdict::Go
}

/// Whether the header is `*` and there is something, or names the tag.
fn names_one(headers: &HeaderMap, name: &HeaderName, tag: Option<&str>, exists: bool, weakly: bool) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    // A hash holds no comma, so that splitting there cannot make a false match.
    values.flat_map(|value| value.split(',')).map(str::trim).any(|one| match one {
        "*" => exists,
        one => tag.is_some_and(|tag| one == tag || (weakly && one.strip_prefix("W/") == Some(tag))),
    })
}

fn parse(text: &str) -> Option<Vec<List>> {
    let (mut rest, mut about, mut lists) = (text.trim(), None, Vec::new());
    while !rest.is_empty() {
        if let Some(tagged) = rest.strip_prefix('<') {
            let (url, after) = tagged.split_once('>')?;
            about = Some(url.to_owned());
            rest = after.trim_start();
        }
        let (conditions, after) = parse_list(rest.strip_prefix('(')?)?;
        lists.push(List { about: about.clone(), conditions });
        if lists.len() > MAX_LISTS {
            return None;
        }
        rest = after.trim_start();
    }
    if lists.is_empty() { None } else { Some(lists) }
}

/// What is behind the opening parenthesis, and what follows the closing one.
fn parse_list(mut rest: &str) -> Option<(Vec<Condition>, &str)> {
    let mut conditions = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(')') {
            return if conditions.is_empty() { None } else { Some((conditions, after)) };
        }
        let negated = rest.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("not"));
        if negated {
            rest = rest[3..].trim_start();
        }
        let (wanted, after) = if let Some(token) = rest.strip_prefix('<') {
            let (token, after) = token.split_once('>')?;
            (Wanted::Token(token.to_owned()), after)
        } else {
            let (tag, after) = rest.strip_prefix('[')?.split_once(']')?;
            (Wanted::Tag(tag.trim().to_owned()), after)
        };
        conditions.push(Condition { negated, wanted });
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn token(text: &str, negated: bool) -> Condition {
        Condition { negated, wanted: Wanted::Token(text.to_owned()) }
    }

    #[test]
    fn the_lists_of_a_header_are_read() {
        let tag = Condition { negated: false, wanted: Wanted::Tag("\"e\"".to_owned()) };
        assert_eq!(
            parse("(<urn:uuid:1> [\"e\"]) (Not <DAV:no-lock>)"),
            Some(vec![
                List { about: None, conditions: vec![token("urn:uuid:1", false), tag] },
                List { about: None, conditions: vec![token("DAV:no-lock", true)] },
            ])
        );
        let tagged = parse("<http://h/a> (<t>)(<u>) </b>(not <v>)").expect("lists");
        let about: Vec<_> = tagged.iter().map(|list| list.about.as_deref()).collect();
        assert_eq!(about, [Some("http://h/a"), Some("http://h/a"), Some("/b")]);
        for bad in ["", "()", "(<a>", "<a>", "(a)", "(<a>) x", "([e)", "(Not)", &"(<a>)".repeat(65)] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn headers_are_looked_at_in_their_order() {
        let changed = Timestamp::from_unix_ms(784_111_777_500);
        let verdict = |pairs: &[(&'static str, &'static str)], exists: bool| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            let file = exists.then_some("\"h\"");
            decide(&headers, file, exists.then_some(changed), exists)
        };
        let (at, before) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:36 GMT");
        assert_eq!(verdict(&[], true), Verdict::Go);
        assert_eq!(verdict(&[("if-match", "\"x\", \"h\"")], true), Verdict::Go);
        assert_eq!(verdict(&[("if-match", "W/\"h\"")], true), Verdict::Failed);
        assert_eq!(verdict(&[("if-match", "*")], false), Verdict::Failed);
        assert_eq!(verdict(&[("if-none-match", "W/\"h\"")], true), Verdict::Unchanged);
        assert_eq!(verdict(&[("if-none-match", "*")], false), Verdict::Go);
        assert_eq!(verdict(&[("if-unmodified-since", at)], true), Verdict::Go);
        assert_eq!(verdict(&[("if-unmodified-since", before)], true), Verdict::Failed);
        assert_eq!(verdict(&[("if-modified-since", at)], true), Verdict::Unchanged);
        assert_eq!(verdict(&[("if-modified-since", before)], true), Verdict::Go);
        // A tag is a better witness than a date.
        assert_eq!(verdict(&[("if-match", "\"h\""), ("if-unmodified-since", before)], true), Verdict::Go);
        assert_eq!(verdict(&[("if-none-match", "\"x\""), ("if-modified-since", at)], true), Verdict::Go);
    }
}
