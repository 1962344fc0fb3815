//! LOCK and UNLOCK. A lock over WebDAV is one of the drive: people in the app meet it, and theirs are met here.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderValue, StatusCode};
use uuid::Uuid;

use super::live::active_lock;
use super::problem::Problem;
use super::xml::{self, elements};
use super::{Call, Depth, conditions, writing, xml_answer, xml_body};
use crate::primary::files::{
    Expected, FileError, FileName, FileRecord, Item, Lock, Named, NewLock, Spot, Target,
};
use crate::primary::spaces::Space;
use crate::primary::webdav::Reach;
use crate::primary::webdav::places::Place;
use crate::protocol::Timestamp;

/// Seconds of a lock whose program names none, and the most that one gets; a program that lives renews it.
const DEFAULT_SECS: i64 = 3_600;
const MAX_SECS: i64 = 86_400;
/// Bytes of what a program says of itself.
const MAX_OWNER: usize = 4_096;
const NO_CONFLICT: &str = "<D:no-conflicting-lock/>";
const NOT_COVERED: &str = "<D:lock-token-matches-request-uri/>";

/// A lock that is asked for.
#[derive(Debug)]
struct Asked {
    is_exclusive: bool,
    owner_text: String,
}

pub(super) async fn lock(call: &Call, body: Body) -> Result<Response, Problem> {
    let text = xml_body(body).await?;
    let place = call.place().await?;
    let expires_at = Timestamp::now().plus_secs(seconds(call.header("timeout")));
    if text.trim().is_empty() {
        return refresh(call, &place, expires_at).await;
    }
    let asked = read(&text)?;
    let is_deep = match Depth::of(call)? {
        Depth::Zero => false,
        Depth::Infinity => true,
        Depth::One => return Err(Problem::bad_request("Depth: of a lock is 0 or infinity")),
    };
    let tokens = conditions::check(call, &place).await?;
    let (space, item, is_new) = match &place {
        Place::Free(spot) => (spot.space, Item::File(make_empty(call, spot, tokens).await?.id), true),
        place => {
            let (space, item) = lockable(place)?;
            (space, item, false)
        }
    };
    let token = format!("urn:uuid:{}", Uuid::new_v4());
    let new = NewLock {
        token: &token,
        is_exclusive: asked.is_exclusive,
        is_deep,
        owner_text: &asked.owner_text,
        expires_at,
    };
    let locked = call.primary.files.lock_with_token(space, call.visitor.user_id, item, &new).await;
    locked.map_err(|error| match error {
        FileError::Locked { .. } => Problem::from(error).with_condition(NO_CONFLICT),
        error => error.into(),
    })?;
    tracing::info!(
        user.id = call.visitor.user_id,
        item = item.kind(),
        item.id = item.id(),
        "locked over WebDAV"
    );
    let mut response =
        tell(call, space, item, if is_new { StatusCode::CREATED } else { StatusCode::OK }).await?;
    if let Ok(value) = HeaderValue::try_from(format!("<{token}>")) {
        response.headers_mut().insert("lock-token", value);
    }
    Ok(response)
}

pub(super) async fn unlock(call: &Call) -> Result<Response, Problem> {
    let token = call.header("lock-token").and_then(|text| text.strip_prefix('<')?.strip_suffix('>'));
    let token = token.ok_or_else(|| Problem::bad_request("Lock-Token: must be a token between < and >"))?;
    let place = call.place().await?;
    if matches!(place, Place::Free(_) | Place::Shut | Place::Nowhere) {
        return Err(Problem::not_found());
    }
    let (space, item) = lockable(&place)?;
    let files = &call.primary.files;
    if files.unlock_with_token(space, call.visitor.user_id, item, token).await? {
        tracing::info!(
            user.id = call.visitor.user_id,
            item = item.kind(),
            item.id = item.id(),
            "unlocked over WebDAV"
        );
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let standing = files.locks_on(space, item).await?;
    if standing.iter().any(|lock| lock.token.as_deref() == Some(token)) {
        return Err(Problem::forbidden("this lock is held by somebody else"));
    }
    Err(Problem::conflict("no lock with this token covers the address").with_condition(NOT_COVERED))
}

fn lockable(place: &Place) -> Result<(Space, Item), Problem> {
    match place {
        Place::Entry { spot, entry } => Ok((spot.space, entry.item())),
        Place::Top { space, folder: Some(folder) } => Ok((*space, Item::Folder(folder.id))),
        Place::Free(_) | Place::Nowhere => {
            Err(Problem::conflict("the folder that it would lie in is not there"))
        }
        Place::Shut | Place::Top { .. } | Place::Teams | Place::Team { .. } => {
            Err(Problem::forbidden("this folder cannot be locked, only what is in it"))
        }
    }
}

/// The lock of a name that nothing has is one of an empty file (RFC 4918 §7.3).
async fn make_empty(call: &Call, spot: &Spot, tokens: Vec<String>) -> Result<FileRecord, Problem> {
    if call.address.has_slash {
        return Err(Problem::conflict("there is no folder at this address; make it first"));
    }
    call.refuse_system_file(&call.address)?;
    let name = FileName::parse(&spot.name).map_err(FileError::from)?;
    let named = Named { folder_id: spot.folder_id, name, tokens, expected: Expected::Nothing };
    writing::store_sized(call, spot, Target::Named(named), 0, Box::pin(stream::empty())).await
}

/// Has the lock whose token `If` names end later.
async fn refresh(call: &Call, place: &Place, expires_at: Timestamp) -> Result<Response, Problem> {
    let (space, item) = lockable(place)?;
    let tokens = conditions::check(call, place).await?;
    if tokens.is_empty() {
        return Err(Problem::bad_request(
            "a lock is renewed with its token in If:, or asked for with a lockinfo",
        ));
    }
    for token in &tokens {
        let files = &call.primary.files;
        if files.refresh_lock(space, call.visitor.user_id, item, token, expires_at).await?.is_some() {
            return tell(call, space, item, StatusCode::OK).await;
        }
    }
    Err(Problem::precondition("no lock with this token covers the address").with_condition(NOT_COVERED))
}

/// The locks on an item, as the answer to LOCK.
async fn tell(call: &Call, space: Space, item: Item, status: StatusCode) -> Result<Response, Problem> {
    let mut out = format!("{}<D:prop xmlns:D=\"{}\"><D:lockdiscovery>", xml::DECLARATION, xml::NAMESPACE);
    for lock in call.primary.files.locks_on(space, item).await? {
        out.push_str(&call.active_lock(space, &lock).await?);
    }
    out.push_str("</D:lockdiscovery></D:prop>");
    Ok(xml_answer(status, out))
}

fn read(text: &str) -> Result<Asked, Problem> {
    let document = xml::parse(text, "lockinfo")?;
    let root = document.root_element();
    let scope = xml::child(root, "lockscope").and_then(|scope| elements(scope).next());
    let is_exclusive = match scope.map(|scope| scope.tag_name().name()) {
        Some("exclusive") => true,
        Some("shared") => false,
        _ => return Err(Problem::bad_request("lockscope is neither exclusive nor shared")),
    };
    let kind = xml::child(root, "locktype").and_then(|kind| elements(kind).next());
    if kind.is_none_or(|kind| !kind.has_tag_name((xml::NAMESPACE, "write"))) {
        return Err(Problem::bad_request("locktype is not write"));
    }
    let owner_text = xml::child(root, "owner").map(xml::inner).unwrap_or_default();
    if owner_text.len() > MAX_OWNER {
        return Err(Problem::bad_request(format!("owner has more than {MAX_OWNER} bytes")));
    }
    Ok(Asked { is_exclusive, owner_text })
}

/// The first time of `Timeout` that can be read, within bounds.
fn seconds(timeout: Option<&str>) -> i64 {
    let wishes = timeout.unwrap_or_default().split(',').map(str::trim);
    let first = wishes.filter_map(|wish| {
        if wish.eq_ignore_ascii_case("infinite") {
            return Some(MAX_SECS);
        }
        // More than fits is as good as infinite.
        let digits = wish.get(..7).filter(|word| word.eq_ignore_ascii_case("second-")).and(wish.get(7..))?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().unwrap_or(MAX_SECS))
    });
    first.into_iter().next().unwrap_or(DEFAULT_SECS).clamp(1, MAX_SECS)
}

impl Call {
    pub(super) async fn active_lock(&self, space: Space, lock: &Lock) -> Result<String, Problem> {
        let root = self.href_of(space, lock.item).await?;
        Ok(active_lock(lock, self.visitor.user_id, &root, Timestamp::now()))
    }

    /// The address under which the visitor sees an item. One above the account's own folder has none: it is shown as
    /// that folder.
    pub(super) async fn href_of(&self, space: Space, item: Item) -> Result<String, Problem> {
        let files = &self.primary.files;
        let (folder_id, file_name) = match item {
            Item::Folder(id) => (Some(id), None),
            Item::File(id) => {
                let file = files.get(space, id).await?;
                (file.folder_id, Some(file.name))
            }
        };
        let mut names: Vec<String> = Vec::new();
        if let Some(id) = folder_id {
            let chain = files.ancestors(space, id).await?;
            let top = match self.visitor.reach {
                Reach::Part { top, .. } => top,
                Reach::Everything(_) => None,
            };
            let begin = top.and_then(|top| chain.iter().position(|folder| folder.id == top).map(|at| at + 1));
            let visible = if top.is_some() { begin.unwrap_or(chain.len()) } else { 0 };
            names.extend(chain.into_iter().skip(visible).map(|folder| folder.name));
        }
        let is_folder = file_name.is_none();
        names.extend(file_name);
        let mut address = super::Address { names, has_slash: is_folder };
        if let Reach::Everything(own) = self.visitor.reach
            && own.id != space.id
        {
            // Below the folder of the teams, whose name and that of the team the request's own address has.
            let mut whole: Vec<String> = self.address.names.iter().take(2).cloned().collect();
            whole.append(&mut address.names);
            address.names = whole;
        }
        Ok(address.href(self.primary.webdav.prefix(), is_folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_the_first_that_can_be_read_within_bounds() {
        assert_eq!(seconds(None), DEFAULT_SECS);
        assert_eq!(seconds(Some("Second-60, Infinite")), 60);
        assert_eq!(seconds(Some("Extend, second-120")), 120);
        assert_eq!(seconds(Some("Infinite")), MAX_SECS);
        assert_eq!(seconds(Some("Second-4100000000")), MAX_SECS);
        assert_eq!(seconds(Some("Second-99999999999999999999")), MAX_SECS);
        assert_eq!(seconds(Some("Second-0")), 1);
        for bad in ["", "Second-", "Second--5", "60"] {
            assert_eq!(seconds(Some(bad)), DEFAULT_SECS, "{bad}");
        }
    }
}
