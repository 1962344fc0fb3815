//! From what S3 answers, or fails to answer, to the kinds of storage failure: by type, status and code, never by text.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::connector::AllBusy;
use crate::protocol::Timestamp;
use crate::storage::remote::transport::TransportError;
use crate::storage::{ErrorKind, StorageError};

/// What went wrong and what an administrator can do about it.
type Reason = (ErrorKind, &'static str);

/// The storage error for `cause`, which kept us from doing `action` (for example ``write object `a/b` ``) at `place`.
pub(super) fn fault<E>(action: &str, place: &str, cause: SdkError<E, HttpResponse>) -> StorageError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let ((kind, reason), code) = classify(&cause);
    let mut answer = code.map(|code| format!(" (S3 answered {code})")).unwrap_or_default();
    if let Some(since) = unreachable_since(&cause) {
        answer = format!(" (since {})", since.to_rfc3339());
    }
    StorageError::new(kind, format!("cannot {action} in {place}: {reason}{answer}")).with_source(cause)
}

/// Whether S3 says that there is no such object.
pub(super) fn is_absent<E: ProvideErrorMetadata>(cause: &SdkError<E, HttpResponse>) -> bool {
    match cause {
        // A HEAD is answered without a body; the SDK makes the code up from the status.
        SdkError::ServiceError(error) => matches!(error.err().code(), Some("NoSuchKey" | "NotFound")),
        _ => false,
    }
}

fn classify<E: ProvideErrorMetadata + Error + 'static>(
    cause: &SdkError<E, HttpResponse>,
) -> (Reason, Option<&str>) {
    match cause {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code();
            let status = answer.raw().status().as_u16();
            let reason = code.and_then(by_code).unwrap_or_else(|| by_status(status, code.is_some()));
            (reason, code.filter(|code| is_presentable(code)))
        }
        SdkError::ResponseError(answer) => (by_status(answer.raw().status().as_u16(), false), None),
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map(|error| error as &(dyn Error + 'static));
            (unanswered(cause), None)
        }
        SdkError::TimeoutError(_) => {
            ((ErrorKind::Transient, "the operation took longer than its time limit; try again"), None)
        }
        _ => (
            (
                ErrorKind::Misconfigured,
                "no request can be made from these settings; check endpoint, bucket and region",
            ),
            None,
        ),
    }
}

/// A code that is one: what a hostile server sends may be anything.
fn is_presentable(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

fn by_code(code: &str) -> Option<Reason> {
    Some(match code {
        "InvalidAccessKeyId" | "InvalidToken" | "NotSignedUp" | "InvalidSecurity" | "AccountProblem" => {
            (ErrorKind::Auth, "the access key is unknown there; check it")
        }
        "SignatureDoesNotMatch" => {
            (ErrorKind::Auth, "the signature does not match; check the secret key and the region")
        }
        "ExpiredToken" | "TokenRefreshRequired" => {
            (ErrorKind::Auth, "the credentials have expired; renew them")
        }
        "RequestTimeTooSkewed" | "RequestExpired" => {
            (ErrorKind::Auth, "the clocks differ too much; correct the clock of this machine")
        }
        "AccessDenied" | "AllAccessDisabled" | "Forbidden" | "UnauthorizedAccess" => {
            (ErrorKind::Permission, "access is denied; allow the key to read, write, delete and list here")
        }
        "NoSuchKey" | "NotFound" | "NoSuchVersion" => (ErrorKind::NotFound, "it does not exist"),
        "NoSuchBucket" | "InvalidBucketName" | "InvalidBucketState" => {
            (ErrorKind::Misconfigured, "there is no such bucket; create it or correct its name")
        }
        "AuthorizationHeaderMalformed" | "InvalidRegion" | "IllegalLocationConstraintException" => {
            (ErrorKind::Misconfigured, "the server expects another region; set its region")
        }
        "PermanentRedirect" | "TemporaryRedirect" | "Redirect" => {
            (ErrorKind::Misconfigured, "the bucket lives elsewhere; correct endpoint or region")
        }
        "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "BandwidthLimitExceeded"
        | "RequestThrottled" => (ErrorKind::RateLimited, "it asks to slow down; try again later"),
        "EntityTooLarge"
        | "QuotaExceeded"
        | "StorageFull"
        | "InsufficientStorage"
        | "XMinioStorageFull"
        | "XMinioAdminBucketQuotaExceeded" => {
            (ErrorKind::Full, "there is no room for it; free some or raise the quota")
        }
        "KeyTooLongError" => (
            ErrorKind::InvalidArgument,
            "prefix, namespace and key together are longer than it takes (1,024 bytes)",
        ),
        "PreconditionFailed" | "ConditionalRequestConflict" => {
            (ErrorKind::Precondition, "it was changed at the same time; try again")
        }
        "InvalidRange" => (ErrorKind::RangeNotSatisfiable, "the range starts behind its end"),
        "NotImplemented" | "MethodNotAllowed" => {
            (ErrorKind::Unsupported, "this server lacks the operation; use one that has it")
        }
        "NoSuchUpload" => (ErrorKind::Transient, "its upload was ended from elsewhere; try again"),
        "InternalError" | "ServiceUnavailable" | "RequestTimeout" | "OperationAborted" => TROUBLED,
        _ => return None,
    })
}

const TROUBLED: Reason = (ErrorKind::Transient, "the server has a passing fault; try again later");

fn by_status(status: u16, has_code: bool) -> Reason {
    match status {
        401 => (ErrorKind::Auth, "the credentials are refused; check access key and secret key"),
        403 => {
            (ErrorKind::Permission, "access is denied; allow the key to read, write, delete and list here")
        }
        300..=399 => (ErrorKind::Misconfigured, "the bucket lives elsewhere; correct endpoint or region"),
        405 | 501 => (ErrorKind::Unsupported, "this server lacks the operation; use one that has it"),
        409 | 412 => (ErrorKind::Precondition, "it was changed at the same time; try again"),
        416 => (ErrorKind::RangeNotSatisfiable, "the range starts behind its end"),
        408 => TROUBLED,
        429 => (ErrorKind::RateLimited, "it asks to slow down; try again later"),
        507 => (ErrorKind::Full, "there is no room for it; free some or raise the quota"),
        500..=599 => TROUBLED,
        _ if has_code => (ErrorKind::Unknown, "it answered with an unexpected error; the log has it"),
        _ => (ErrorKind::Misconfigured, "what answers there is not S3; check the endpoint"),
    }
}

/// Since when the endpoint has not answered, if the request was not even sent for that.
fn unreachable_since<E>(cause: &SdkError<E, HttpResponse>) -> Option<Timestamp> {
    let SdkError::DispatchFailure(failure) = cause else { return None };
    let mut next = failure.as_connector_error().map(|error| error as &(dyn Error + 'static));
    while let Some(cause) = next {
        if let Some(TransportError::Unreachable(since)) = cause.downcast_ref::<TransportError>() {
            return Some(*since);
        }
        next = cause.source();
    }
    None
}

/// Nothing came back: finds what our own transport had to say.
fn unanswered(cause: Option<&(dyn Error + 'static)>) -> Reason {
    let mut next = cause;
    while let Some(cause) = next {
        if cause.is::<AllBusy>() {
            return (ErrorKind::Transient, "all connections to the endpoint are in use; try again later");
        }
        if let Some(transport) = cause.downcast_ref::<TransportError>() {
            return match transport {
                TransportError::Dns(_) => (
                    ErrorKind::Transient,
                    "its host name cannot be resolved; check the endpoint and the name server",
                ),
                TransportError::Refused(_) => {
                    (ErrorKind::Transient, "nothing listens there; check the endpoint, or start the server")
                }
                TransportError::ConnectTimeout => {
                    (ErrorKind::Transient, "no connection in time; check the endpoint and the network")
                }
                TransportError::Tls(_) => (
                    ErrorKind::Misconfigured,
                    "TLS failed; check the certificate, the CA file, and http or https in the endpoint",
                ),
                TransportError::ReplyTimeout(_) => {
                    (ErrorKind::Transient, "the server stopped answering; check it, or try again later")
                }
                TransportError::Unreachable(_) => (
                    ErrorKind::Transient,
                    "the endpoint does not answer; it is used again as soon as it does",
                ),
                TransportError::Busy(_) => {
                    (ErrorKind::Transient, "too many requests wait for the endpoint; try again later")
                }
                TransportError::Broken(_) => {
                    (ErrorKind::Transient, "the connection broke; check the endpoint and the network")
                }
            };
        }
        next = cause.source();
    }
    (ErrorKind::Transient, "the request did not get through; try again later")
}
