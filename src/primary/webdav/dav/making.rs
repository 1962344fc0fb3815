//! MKCOL and DELETE.

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::problem::Problem;
use super::{Call, Depth, conditions, xml_body};
use crate::primary::files::{FileError, FileName};
use crate::primary::webdav::places::Place;

pub(super) async fn mkcol(call: &Call, body: Body) -> Result<Response, Problem> {
    if !body.is_end_stream() && !xml_body(body).await?.is_empty() {
        let text = "a folder is made without a body";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    call.refuse_system_file(&call.address)?;
    let place = call.place().await?;
    let spot = match &place {
        Place::Free(spot) => spot,
        Place::Shut => return Err(Problem::forbidden("folders of teams are made in the app")),
        Place::Nowhere => return Err(Problem::conflict("the folder that it would lie in is not there")),
        _ => return Err(Problem::not_allowed("there is something at this address already")),
    };
    let tokens = conditions::check(call, &place).await?;
    let name = FileName::parse(&spot.name).map_err(FileError::from)?;
    let made = call.primary.files.create_folder(spot.space, call.by(&tokens), spot.folder_id, &name).await;
    match made {
        Ok(folder) => {
            tracing::info!(
                user.id = call.visitor.user_id,
                folder.id = folder.id,
                "folder created over WebDAV"
            );
            Ok(StatusCode::CREATED.into_response())
        }
        Err(FileError::Exists { .. }) => {
            Err(Problem::not_allowed("there is something at this address already"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Into the trash, a folder with all that is in it.
pub(super) async fn delete(call: &Call) -> Result<Response, Problem> {
    let place = call.place().await?;
    let (spot, entry) = match &place {
        Place::Entry { spot, entry } => (spot, entry),
        Place::Free(_) | Place::Shut | Place::Nowhere => return Err(Problem::not_found()),
        Place::Top { .. } | Place::Teams | Place::Team { .. } => {
            return Err(Problem::forbidden("this folder cannot be deleted, only what is in it"));
        }
    };
    if place.is_folder() && Depth::of(call)? != Depth::Infinity {
        return Err(Problem::bad_request("a folder is deleted with all that is in it: Depth: infinity"));
    }
    let tokens = conditions::check(call, &place).await?;
    let primary = &call.primary;
    primary.trash.put(&primary.files, spot.space, call.by(&tokens), entry.item()).await?;
    let item = entry.item();
    tracing::info!(
        user.id = call.visitor.user_id,
        item = item.kind(),
        item.id = item.id(),
        "deleted over WebDAV"
    );
    Ok(StatusCode::NO_CONTENT.into_response())
}
