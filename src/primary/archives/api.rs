//! `/batch/archive-download` (primary spec §2.8), and archives as answers.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, Wanted, content};
use crate::http::{ApiError, Created, Json, Path, created};
use crate::primary::Primary;
use crate::primary::files::{FileError, FileName, disposition};
use crate::primary::openapi::{Archive, Routes, Shaped, get, post};
use crate::primary::teams::InSpace;
use crate::protocol::{Timestamp, codes};

const MAX_ITEMS: usize = 1_000;
const DEFAULT_NAME: &str = "archive";

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route(
            "/batch/archive-download",
            post(ticket, "Prepare an archive of files and folders; gives a path to fetch it from, once"),
        )
        .route("/batch/archive-download/{token}", get(download, "Fetch a prepared archive"))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ArchiveRequest")]
struct TicketRequest {
    #[serde(default)]
    file_ids: Vec<i64>,
    #[serde(default)]
    folder_ids: Vec<i64>,
    archive_name: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ArchiveTicket")]
struct Ticket {
    token: String,
    /// Where to fetch the archive, once.
    path: String,
    expires_at: Timestamp,
}

/// A team's id is [`InSpace`]'s business.
#[derive(Debug, Deserialize, JsonSchema)]
struct TokenPath {
    token: String,
}

impl TicketRequest {
    fn check(self) -> Result<Wanted, ApiError> {
        let count = self.file_ids.len() + self.folder_ids.len();
        if count == 0 || count > MAX_ITEMS {
            let text = format!("file_ids and folder_ids name {count} items; 1 to {MAX_ITEMS} are allowed");
            return Err(ApiError::new(codes::BAD_REQUEST, text));
        }
        let name = FileName::parse(self.archive_name.as_deref().unwrap_or(DEFAULT_NAME));
        let name = name.map_err(FileError::from)?;
        let name = name.as_str();
        let name =
            if name.to_lowercase().ends_with(".zip") { name.to_owned() } else { format!("{name}.zip") };
        Ok(Wanted { file_ids: self.file_ids, folder_ids: self.folder_ids, name })
    }
}

async fn ticket(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(request): Json<TicketRequest>,
) -> Result<Created<Ticket>, ApiError> {
    let wanted = request.check()?;
    let (token, expires_at) = primary.archives.ticket(&primary.files, space, user.id, &wanted).await?;
    tracing::info!(user.id = user.id, items = wanted.items().len(), "archive prepared");
    let team = space.owner.team_id().map(|id| format!("/teams/{id}")).unwrap_or_default();
    let path = format!("/api/v1{team}/batch/archive-download/{token}");
    Ok(created(Ticket { token, path, expires_at }))
}

async fn download(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(TokenPath { token }): Path<TokenPath>,
    method: Method,
) -> Result<Shaped<Archive>, ApiError> {
    if method == Method::HEAD {
        // It would use the ticket up for nothing.
        return Err(ApiError::new(codes::METHOD_NOT_ALLOWED, "an archive can only be fetched with GET"));
    }
    let wanted = primary.archives.redeem(&token, user.id, space).await?;
    let plan = primary.archives.plan(&primary.files, space, &wanted.items()).await?;
    tracing::info!(user.id = user.id, bytes = plan.length, "archive sent");
    Ok(primary.archive_answer(plan, &wanted.name, &method).into())
}

impl Primary {
    /// The archive as an answer. Its length is told, so that a client sees when it was broken off.
    pub(in crate::primary) fn archive_answer(&self, plan: Plan, name: &str, method: &Method) -> Response {
        let length = HeaderValue::from(plan.length);
        let body = if method == Method::HEAD {
            Body::empty()
        } else {
            let primary = self.clone();
            Body::from_stream(content(plan, move |file| {
                let primary = primary.clone();
                async move { Ok(primary.files.open(&primary.policies, &file, None).await?.body) }
            }))
        };
        let disposition =
            HeaderValue::try_from(disposition("attachment", name)).expect("it is made of printable ASCII");
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
            (header::CONTENT_LENGTH, length),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ];
        (headers, body).into_response()
    }
}
