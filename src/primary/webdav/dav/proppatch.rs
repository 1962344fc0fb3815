//! PROPPATCH: what programs note about files and folders, all changes of a request or none.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;

use super::live::is_protected;
use super::problem::Problem;
use super::propfind::write_status;
use super::xml::{self, Name, elements, escaped};
use super::{Call, conditions, xml_answer, xml_body};
use crate::primary::files::{FileError, Item, Property, PropertyChange, PropertyError};
use crate::primary::webdav::places::Place;

/// Changes of one request.
const MAX_CHANGES: usize = 500;

/// A change, and why it is not made.
#[derive(Debug)]
struct Asked {
    name: Name,
    change: PropertyChange,
    refusal: Option<Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The server keeps it itself.
    Protected,
    /// Too large, or without a name.
    Unfit,
    /// There would be too many.
    NoRoom,
}

impl Refusal {
    fn status(self) -> &'static str {
        match self {
            Self::Protected => "403 Forbidden",
            Self::Unfit => "409 Conflict",
            Self::NoRoom => "507 Insufficient Storage",
        }
    }
}

pub(super) async fn proppatch(call: &Call, body: Body) -> Result<Response, Problem> {
    let mut asked = read(&xml_body(body).await?)?;
    let place = call.place().await?;
    let (space, item) = match &place {
        Place::Entry { spot, entry } => (spot.space, entry.item()),
        Place::Top { space, folder: Some(folder) } => (*space, Item::Folder(folder.id)),
        Place::Free(_) | Place::Shut | Place::Nowhere => return Err(Problem::not_found()),
        Place::Top { .. } | Place::Teams | Place::Team { .. } => {
            return Err(Problem::forbidden("this folder has no properties that can be set"));
        }
    };
    let tokens = conditions::check(call, &place).await?;
    if asked.iter().all(|asked| asked.refusal.is_none()) {
        let changes: Vec<PropertyChange> = asked.iter().map(|asked| asked.change.clone()).collect();
        match call.primary.files.change_properties(space, call.by(&tokens), item, &changes).await {
            Ok(()) => {}
            Err(FileError::Property(PropertyError::TooMany)) => {
                asked.iter_mut().for_each(|asked| asked.refusal = Some(Refusal::NoRoom));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut out = format!("{}<D:multistatus xmlns:D=\"{}\">", xml::DECLARATION, xml::NAMESPACE);
    out.push_str("<D:response><D:href>");
    out.push_str(&escaped(&call.href(place.is_folder())));
    out.push_str("</D:href>");
    tell(&mut out, &asked);
    out.push_str("</D:response></D:multistatus>");
    Ok(xml_answer(StatusCode::MULTI_STATUS, out))
}

/// Properties by what became of them: where one is refused, the others fail with it.
fn tell(out: &mut String, asked: &[Asked]) {
    let is_refused = asked.iter().any(|asked| asked.refusal.is_some());
    let others = if is_refused { "424 Failed Dependency" } else { "200 OK" };
    for (refusal, status) in [
        (None, others),
        (Some(Refusal::Protected), Refusal::Protected.status()),
        (Some(Refusal::Unfit), Refusal::Unfit.status()),
        (Some(Refusal::NoRoom), Refusal::NoRoom.status()),
    ] {
        let mut names = String::new();
        asked
            .iter()
            .filter(|asked| asked.refusal == refusal)
            .for_each(|asked| asked.name.write(&mut names, ""));
        if !names.is_empty() {
            write_status(out, &names, status);
        }
    }
}

fn read(text: &str) -> Result<Vec<Asked>, Problem> {
    let document = xml::parse(text, "propertyupdate")?;
    let mut asked = Vec::new();
    for update in elements(document.root_element()) {
        let sets = update.has_tag_name((xml::NAMESPACE, "set"));
        if !sets && !update.has_tag_name((xml::NAMESPACE, "remove")) {
            continue;
        }
        for node in xml::child(update, "prop").into_iter().flat_map(elements) {
            let name = Name::of(node);
            let change = if sets {
                let text = xml::plain_text(node);
                let is_xml = text.is_none();
                let value = text.unwrap_or_else(|| xml::standalone(node));
                PropertyChange::Set(Property {
                    namespace: name.namespace.clone(),
                    name: name.local.clone(),
                    value,
                    is_xml,
                })
            } else {
                PropertyChange::Remove { namespace: name.namespace.clone(), name: name.local.clone() }
            };
            let refusal = refusal(&name, &change);
            asked.push(Asked { name, change, refusal });
            if asked.len() > MAX_CHANGES {
                return Err(Problem::bad_request(format!(
                    "at most {MAX_CHANGES} properties are changed at once"
                )));
            }
        }
    }
    if asked.is_empty() {
        return Err(Problem::bad_request("propertyupdate names no property"));
    }
    Ok(asked)
}

fn refusal(name: &Name, change: &PropertyChange) -> Option<Refusal> {
    if is_protected(name) {
        return Some(Refusal::Protected);
    }
    match change {
        PropertyChange::Set(property) => match property.check() {
            Ok(()) => None,
            Err(PropertyError::Reserved(_)) => Some(Refusal::Protected),
            Err(_) => Some(Refusal::Unfit),
        },
        PropertyChange::Remove { .. } => None,
    }
}
