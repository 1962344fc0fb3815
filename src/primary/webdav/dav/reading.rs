//! GET and HEAD: the content of a file, whole or in part, with conditions. A folder has a line of text for people.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::Call;
use super::conditions::{Verdict, http_conditions, tag_of};
use super::problem::Problem;
use crate::primary::files::{Entry, FileRecord, Way, content_answer};
use crate::primary::webdav::places::Place;
use crate::protocol::Timestamp;

/// A browser that shows a file from here runs nothing in it: it stands at the address of the app.
const SANDBOX: &str = "sandbox; default-src 'none'";
const FOLDER: &str = "This is a folder of a drive. Open this address with a program for WebDAV.\n";

pub(super) async fn get(call: &Call) -> Result<Response, Problem> {
    let place = call.place().await?;
    match &place {
        Place::Entry { entry: Entry::File(file), .. } => content(call, file).await,
        place if place.is_folder() => {
            let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((StatusCode::OK, text, FOLDER).into_response())
        }
        _ => Err(Problem::not_found()),
    }
}

async fn content(call: &Call, file: &FileRecord) -> Result<Response, Problem> {
    let mut headers = HeaderMap::new();
    match http_conditions(call, Some(file), true) {
        Verdict::Go => headers = range_of(call, file),
        Verdict::Unchanged => {
            // The answer to whoever has this content.
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        Verdict::Failed => {
            return Err(Problem::precondition("a condition of the request does not hold"));
        }
    }
    // Through the primary, whatever the policy says: these programs follow no redirects to another host.
    let way = Way { inline: false, relay: true };
    let method = if call.method == Method::HEAD { Method::HEAD } else { Method::GET };
    let mut response = content_answer(&call.primary, file, way, &method, &headers).await?;
    let answer = response.headers_mut();
    answer.remove(header::CONTENT_DISPOSITION);
    answer.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    let texts = [(header::ETAG, tag_of(file)), (header::LAST_MODIFIED, file.updated_at.to_http_date())];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::try_from(text) {
            answer.insert(name, value);
        }
    }
    Ok(response)
}

/// The range that is asked for, unless it is one of another content: `If-Range` names a tag or a date.
fn range_of(call: &Call, file: &FileRecord) -> HeaderMap {
    let holds = match call.header("if-range") {
        None => true,
        Some(tag) if tag.ends_with('"') => tag == tag_of(file),
        Some(date) => {
            let date = Timestamp::parse_http_date(date);
            date.is_some_and(|date| date.unix_secs() == file.updated_at.unix_secs())
        }
    };
    let range = call.headers.get(header::RANGE).filter(|_| holds);
    range.map(|range| (header::RANGE, range.clone())).into_iter().collect()
}
