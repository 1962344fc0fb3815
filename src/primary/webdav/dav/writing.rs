//! PUT: content on its way into a store.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use http::{HeaderValue, StatusCode, header};
use tracing::Instrument;

use super::Call;
use super::conditions::{self, tag_of};
use super::problem::Problem;
use crate::http::ApiError;
use crate::primary::files::multipart::paced;
use crate::primary::files::{
    Entry, Expected, FileError, FileName, FileRecord, Named, Spot, Target, UPLOAD_IDLE,
};
use crate::primary::uploads::UploadError;
use crate::primary::webdav::places::Place;
use crate::protocol::codes;
use crate::storage::{BodyError, ByteStream};

pub(super) async fn put(call: &Call, body: Body) -> Result<Response, Problem> {
    if call.headers.contains_key(header::CONTENT_RANGE) {
        return Err(Problem::bad_request("a file is sent as a whole; Content-Range cannot be used with PUT"));
    }
    call.refuse_system_file(&call.address)?;
    let place = call.place().await?;
    let (spot, is_new) = match &place {
        Place::Entry { spot, entry: Entry::File(_) } => (spot, false),
        Place::Free(_) if call.address.has_slash => {
            return Err(Problem::conflict("the address of a file does not end with a slash"));
        }
        Place::Free(spot) => (spot, true),
        Place::Shut => return Err(Problem::forbidden("files lie in the folder of a team, not beside it")),
        Place::Nowhere => return Err(Problem::conflict("the folder that it would lie in is not there")),
        _ => return Err(Problem::not_allowed("there is a folder at this address")),
    };
    let tokens = conditions::check(call, &place).await?;
    let file = store(call, spot, named(call, spot, &place, tokens)?, body).await?;
    tracing::info!(user.id = call.visitor.user_id, file.id = file.id, "file stored over WebDAV");
    let status = if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    let mut response = status.into_response();
    let texts = [(header::ETAG, tag_of(&file)), (header::LAST_MODIFIED, file.updated_at.to_http_date())];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// What has to be there when the content has arrived; the look before was only one.
fn named(call: &Call, spot: &Spot, place: &Place, tokens: Vec<String>) -> Result<Named, Problem> {
    let expected = match place {
        Place::Entry { entry: Entry::File(file), .. } if call.headers.contains_key(header::IF_MATCH) => {
            Expected::Hash(file.blob.hash.clone())
        }
        _ if call.header("if-none-match") == Some("*") => Expected::Nothing,
        _ => Expected::Anything,
    };
    let name = FileName::parse(&spot.name).map_err(FileError::from)?;
    Ok(Named { folder_id: spot.folder_id, name, tokens, expected })
}

async fn store(call: &Call, spot: &Spot, named: Named, body: Body) -> Result<FileRecord, Problem> {
    let length = |name: &str| call.header(name).and_then(|text| text.parse::<u64>().ok());
    // Finder sends in chunks and says here how much.
    let size = length("content-length").or_else(|| length("x-expected-entity-length"));
    let body = paced(body.into_data_stream(), UPLOAD_IDLE);
    let body: ByteStream = Box::pin(body.map_err(|error| BodyError::Interrupted(error.to_string().into())));
    match size {
        Some(size) => store_sized(call, spot, Target::Named(named), size, body).await,
        None => store_unsized(call, spot, named, body).await,
    }
}

async fn store_unsized(
    call: &Call,
    spot: &Spot,
    named: Named,
    body: ByteStream,
) -> Result<FileRecord, Problem> {
    let (primary, user_id, space) = (call.primary.clone(), call.visitor.user_id, spot.space);
    let storing =
        async move { primary.uploads.store_unsized(&primary.files, space, user_id, named, body).await };
    let stored = tokio::spawn(storing.instrument(tracing::Span::current())).await;
    match stored.map_err(|error| ApiError::internal(codes::INTERNAL, error))? {
        Ok(file) => Ok(file),
        Err(UploadError::File(error)) => Err(error.into()),
        Err(error) => Err(ApiError::from(error).into()),
    }
}

/// Stores content of a known size.
pub(super) async fn store_sized(
    call: &Call,
    spot: &Spot,
    target: Target,
    size: u64,
    body: ByteStream,
) -> Result<FileRecord, Problem> {
    let primary = call.primary.clone();
    let user_id = call.visitor.user_id;
    let admitted = primary.files.admit(&primary.policies, spot.space, user_id, target, size).await?;
    // In a task of its own: when the client goes away the handler is dropped, but what was begun must be undone.
    let storing = async move { primary.files.store(&primary.policies, admitted, body).await };
    let stored = tokio::spawn(storing.instrument(tracing::Span::current())).await;
    Ok(stored.map_err(|error| ApiError::internal(codes::INTERNAL, error))??)
}
