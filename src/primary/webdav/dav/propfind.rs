//! PROPFIND: what is at an address and below it, sent while it is read, a part of a folder at a time.

use std::collections::HashMap;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;

use super::address::encoded;
use super::live::{ALL, QUOTA, Seen};
use super::problem::Problem;
use super::xml::{self, Name, elements, escaped};
use super::{Call, Depth, xml_answer, xml_body};
use crate::primary::files::{Entry, Item, Next, Property};
use crate::primary::spaces::{self, Space, Usage};
use crate::primary::webdav::places::{self, Place};

/// Entries that are read at a time.
const PART: u32 = 1_000;
/// Properties that one request may name.
const MAX_NAMES: usize = 200;
const FINITE: &str = "<D:propfind-finite-depth/>";

/// Which properties are asked for.
#[derive(Debug)]
enum Wanted {
    /// All, and these, which are not told otherwise.
    All(Vec<Name>),
    /// The names of all.
    Names,
    /// These.
    These(Vec<Name>),
}

pub(super) async fn propfind(call: Call, body: Body) -> Result<Response, Problem> {
    let depth = Depth::of(&call)?;
    let wanted = read(&xml_body(body).await?)?;
    let place = call.place().await?;
    if !place.is_folder() && !matches!(place, Place::Entry { .. }) {
        return Err(Problem::not_found());
    }
    if depth == Depth::Infinity {
        refuse_too_many(&call, &place).await?;
    }
    let mut walk = Walk::new(call, wanted, depth);
    let first = walk.begin(place).await?;
    let walk = (walk, Some(first));
    let parts = stream::try_unfold(walk, |(mut walk, first)| async move {
        if let Some(first) = first {
            return Ok(Some((Bytes::from(first), (walk, None))));
        }
        // The status is long gone: a failure breaks the answer off, so that nobody takes a part for the whole.
        let next = walk.next().await.map_err(|problem| {
            tracing::warn!("a listing over WebDAV broke off: {problem:?}");
            std::io::Error::other("the listing failed")
        })?;
        Ok::<_, std::io::Error>(next.map(|part| (Bytes::from(part), (walk, None))))
    });
    Ok(xml_answer(StatusCode::MULTI_STATUS, Body::from_stream(parts)))
}

fn read(text: &str) -> Result<Wanted, Problem> {
    if text.trim().is_empty() {
        return Ok(Wanted::All(Vec::new()));
    }
    let document = xml::parse(text, "propfind")?;
    let root = document.root_element();
    let names = |local: &str| -> Result<Option<Vec<Name>>, Problem> {
        let Some(list) = xml::child(root, local) else { return Ok(None) };
        let names: Vec<Name> = elements(list).map(Name::of).collect();
        if names.len() > MAX_NAMES {
            return Err(Problem::bad_request(format!(
                "at most {MAX_NAMES} properties can be asked for at once"
            )));
        }
        Ok(Some(names))
    };
    if let Some(names) = names("prop")? {
        return Ok(Wanted::These(names));
    }
    if xml::child(root, "propname").is_some() {
        return Ok(Wanted::Names);
    }
    match xml::child(root, "allprop") {
        Some(_) => Ok(Wanted::All(names("include")?.unwrap_or_default())),
        None => Err(Problem::bad_request("propfind needs one of `prop`, `propname` and `allprop`")),
    }
}

/// A whole tree is only shown when it is not too large (RFC 4918 §9.1).
async fn refuse_too_many(call: &Call, place: &Place) -> Result<(), Problem> {
    let most = call.primary.settings.webdav_propfind_max_entries();
    let mut folders: Vec<(Space, Option<i64>)> = place.container().into_iter().collect();
    if matches!(place, Place::Top { .. } | Place::Teams)
        && let Some((_, teams)) = places::teams_of(&call.primary, &call.visitor).await?
    {
        for (_, team) in teams {
            folders.push((call.team_space(team.id).await?, None));
        }
    }
    let mut found = folders.len() as u64;
    for (space, folder_id) in folders {
        let room = most.saturating_sub(found) + 1;
        found += call.primary.files.count_below(space, folder_id, room).await?;
        if found > most {
            let text = format!("a listing of a whole tree may have {most} entries; list it folder by folder");
            return Err(Problem::forbidden(text).with_condition(FINITE));
        }
    }
    Ok(())
}

/// A folder whose content has still to be told.
#[derive(Debug)]
struct Open {
    href: String,
    space: Space,
    folder_id: Option<i64>,
    next: Next,
}

#[derive(Debug)]
struct Walk {
    call: Call,
    wanted: Wanted,
    depth: Depth,
    open: Vec<Open>,
    /// Of the spaces that were met; `None` is one that was not asked for.
    usages: HashMap<i64, Usage>,
    is_over: bool,
}

impl Walk {
    fn new(call: Call, wanted: Wanted, depth: Depth) -> Self {
        Self { call, wanted, depth, open: Vec::new(), usages: HashMap::new(), is_over: false }
    }

    /// The beginning of the answer, with what is at the address itself.
    async fn begin(&mut self, place: Place) -> Result<String, Problem> {
        let mut out = format!("{}<D:multistatus xmlns:D=\"{}\">", xml::DECLARATION, xml::NAMESPACE);
        let href = self.call.href(place.is_folder());
        let deeper = self.depth != Depth::Zero;
        match place {
            Place::Top { space, folder } => {
                let teams = places::teams_of(&self.call.primary, &self.call.visitor).await?;
                let folder_id = folder.as_ref().map(|folder| folder.id);
                match folder.map(Entry::Folder) {
                    Some(entry) => self.tell(&mut out, &href, space, folder_id, &[entry], true).await?,
                    None => self.tell_root(&mut out, &href, "", Some(space)).await?,
                }
                if deeper {
                    if let Some((name, teams)) = teams {
                        let below = format!("{href}{}/", encoded(&name).collect::<String>());
                        self.tell_root(&mut out, &below, &name, None).await?;
                        if self.depth == Depth::Infinity {
                            self.tell_teams(&mut out, &below, teams).await?;
                        }
                    }
                    self.open.push(Open { href, space, folder_id, next: Next::first() });
                }
            }
            Place::Teams => {
                let teams = places::teams_of(&self.call.primary, &self.call.visitor).await?;
                let (name, teams) = teams.ok_or_else(Problem::not_found)?;
                self.tell_root(&mut out, &href, &name, None).await?;
                if deeper {
                    self.tell_teams(&mut out, &href, teams).await?;
                }
            }
            Place::Team { space, name } => {
                self.tell_root(&mut out, &href, &name, Some(space)).await?;
                if deeper {
                    self.open.push(Open { href, space, folder_id: None, next: Next::first() });
                }
            }
            Place::Entry { spot, entry } => {
                let folder = matches!(entry, Entry::Folder(_)).then_some(entry.item().id());
                self.tell(&mut out, &href, spot.space, spot.folder_id, &[entry], true).await?;
                if let (Some(id), true) = (folder, deeper) {
                    self.open.push(Open {
                        href,
                        space: spot.space,
                        folder_id: Some(id),
                        next: Next::first(),
                    });
                }
            }
            Place::Free(_) | Place::Shut | Place::Nowhere => return Err(Problem::not_found()),
        }
        Ok(out)
    }

    /// The next part of the answer.
    async fn next(&mut self) -> Result<Option<String>, Problem> {
        if self.is_over {
            return Ok(None);
        }
        let mut out = String::new();
        let Some(Open { href, space, folder_id, next }) = self.open.pop() else {
            self.is_over = true;
            return Ok(Some("</D:multistatus>".to_owned()));
        };
        let (entries, next) = self.call.primary.files.entries(space, folder_id, next, PART).await?;
        if let Some(next) = next {
            self.open.push(Open { href: href.clone(), space, folder_id, next });
        }
        self.tell(&mut out, &href, space, folder_id, &entries, false).await?;
        if self.depth == Depth::Infinity {
            for entry in entries {
                if let Entry::Folder(folder) = entry {
                    let href = format!("{href}{}/", encoded(&folder.name).collect::<String>());
                    self.open.push(Open { href, space, folder_id: Some(folder.id), next: Next::first() });
                }
            }
        }
        Ok(Some(out))
    }

    /// The root of a space, or the folder of the teams.
    async fn tell_root(
        &mut self,
        out: &mut String,
        href: &str,
        name: &str,
        space: Option<Space>,
    ) -> Result<(), Problem> {
        let usage = match space {
            Some(space) => self.usage(space).await?,
            None => None,
        };
        let seen = Seen { name, entry: None, usage, locks: "" };
        respond(out, href, &seen, &[], &self.wanted);
        Ok(())
    }

    async fn tell_teams(
        &mut self,
        out: &mut String,
        href: &str,
        teams: Vec<(String, crate::primary::teams::Team)>,
    ) -> Result<(), Problem> {
        for (name, team) in teams {
            let space = self.call.team_space(team.id).await?;
            let below = format!("{href}{}/", encoded(&name).collect::<String>());
            self.tell_root(out, &below, &name, Some(space)).await?;
            if self.depth == Depth::Infinity {
                self.open.push(Open { href: below, space, folder_id: None, next: Next::first() });
            }
        }
        Ok(())
    }

    /// Entries of one folder; `href` is the folder's, or with `itself` that of the only entry.
    async fn tell(
        &mut self,
        out: &mut String,
        href: &str,
        space: Space,
        folder_id: Option<i64>,
        entries: &[Entry],
        itself: bool,
    ) -> Result<(), Problem> {
        let properties = self.properties(entries).await?;
        let mut locks = self.locks(space, folder_id, entries).await?;
        let usage = self.usage(space).await?;
        for entry in entries {
            let item = entry.item();
            let own = locks.remove(&item).unwrap_or_default();
            let usage = usage.filter(|_| matches!(entry, Entry::Folder(_)));
            let seen = Seen { name: entry.name(), entry: Some(entry), usage, locks: &own };
            let dead = properties.get(&item).map(Vec::as_slice).unwrap_or_default();
            if itself {
                respond(out, href, &seen, dead, &self.wanted);
            } else {
                let mut below = href.to_owned();
                below.extend(encoded(entry.name()));
                if matches!(item, Item::Folder(_)) {
                    below.push('/');
                }
                respond(out, &below, &seen, dead, &self.wanted);
            }
        }
        Ok(())
    }

    /// What clients have noted, unless nobody asks for it.
    async fn properties(&self, entries: &[Entry]) -> Result<HashMap<Item, Vec<Property>>, Problem> {
        let asks = match &self.wanted {
            Wanted::All(_) | Wanted::Names => true,
            Wanted::These(names) => names.iter().any(|name| !name.is_dav()),
        };
        if !asks || entries.is_empty() {
            return Ok(HashMap::new());
        }
        let items: Vec<Item> = entries.iter().map(Entry::item).collect();
        Ok(self.call.primary.files.properties_of_all(&items).await?)
    }

    /// The locks that cover entries of one folder, as XML.
    async fn locks(
        &self,
        space: Space,
        folder_id: Option<i64>,
        entries: &[Entry],
    ) -> Result<HashMap<Item, String>, Problem> {
        let mut told = HashMap::new();
        if !self.asks_for("lockdiscovery") {
            return Ok(told);
        }
        let inherited = self.call.primary.files.locks_over(space, folder_id).await?;
        for entry in entries.iter().filter(|entry| entry.is_locked() || !inherited.is_empty()) {
            let mut xml = String::new();
            for lock in self.call.primary.files.locks_on(space, entry.item()).await? {
                xml.push_str(&self.call.active_lock(space, &lock).await?);
            }
            told.insert(entry.item(), xml);
        }
        Ok(told)
    }

    async fn usage(&mut self, space: Space) -> Result<Option<Usage>, Problem> {
        if !QUOTA.iter().any(|local| self.asks_for(local)) {
            return Ok(None);
        }
        if let Some(usage) = self.usages.get(&space.id) {
            return Ok(Some(*usage));
        }
        let usage = spaces::usage(&self.call.primary.db, space.id).await?;
        self.usages.extend(usage.map(|usage| (space.id, usage)));
        Ok(usage)
    }

    fn asks_for(&self, local: &str) -> bool {
        let named = |names: &[Name]| names.iter().any(|name| name.is_dav() && name.local == local);
        match &self.wanted {
            Wanted::All(names) => ALL.contains(&local) || named(names),
            Wanted::Names => false,
            Wanted::These(names) => named(names),
        }
    }
}

/// One `response` element.
fn respond(out: &mut String, href: &str, seen: &Seen<'_>, dead: &[Property], wanted: &Wanted) {
    let (mut found, mut missing) = (String::new(), String::new());
    let mut live = |local: &str, is_wanted: bool, with_value: bool| {
        let name = Name { namespace: xml::NAMESPACE.to_owned(), local: local.to_owned() };
        match seen.value(local) {
            Some(value) => name.write(&mut found, if with_value { &value } else { "" }),
            None if is_wanted => name.write(&mut missing, ""),
            None => {}
        }
    };
    match wanted {
        Wanted::All(names) => {
            ALL.iter().for_each(|local| live(local, false, true));
            let more = names.iter().filter(|name| name.is_dav() && !ALL.contains(&name.local.as_str()));
            more.for_each(|name| live(&name.local, true, true));
            dead.iter().for_each(|property| write_dead(&mut found, property));
        }
        Wanted::Names => {
            ALL.iter().for_each(|local| live(local, false, false));
            for property in dead {
                Name { namespace: property.namespace.clone(), local: property.name.clone() }
                    .write(&mut found, "");
            }
        }
        Wanted::These(names) => {
            names.iter().filter(|name| name.is_dav()).for_each(|name| live(&name.local, true, true));
            for name in names.iter().filter(|name| !name.is_dav()) {
                let is_it = |property: &&Property| {
                    property.namespace == name.namespace && property.name == name.local
                };
                match dead.iter().find(is_it) {
                    Some(property) => write_dead(&mut found, property),
                    None => name.write(&mut missing, ""),
                }
            }
        }
    }
    out.push_str("<D:response><D:href>");
    out.push_str(&escaped(href));
    out.push_str("</D:href>");
    if !found.is_empty() || missing.is_empty() {
        write_status(out, &found, "200 OK");
    }
    if !missing.is_empty() {
        write_status(out, &missing, "404 Not Found");
    }
    out.push_str("</D:response>");
}

pub(super) fn write_status(out: &mut String, properties: &str, status: &str) {
    out.push_str("<D:propstat><D:prop>");
    out.push_str(properties);
    out.push_str("</D:prop><D:status>HTTP/1.1 ");
    out.push_str(status);
    out.push_str("</D:status></D:propstat>");
}

fn write_dead(out: &mut String, property: &Property) {
    if property.is_xml {
        out.push_str(&property.value);
        return;
    }
    let name = Name { namespace: property.namespace.clone(), local: property.name.clone() };
    name.write(out, &escaped(&property.value));
}

impl Call {
    async fn team_space(&self, team_id: i64) -> Result<Space, Problem> {
        let space = self.primary.teams.space(team_id, self.visitor.user_id).await;
        Ok(space.map_err(places::PlaceError::from)?)
    }
}
