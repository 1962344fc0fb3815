//! What clients read about nodes, enrollments and storage policies.

use serde_json::json;

use crate::http::ApiError;
use crate::primary::nodes::{Class, Diagnosis, EnrollmentError, NodeError, diagnose};
use crate::primary::policies::{PolicyError, Problems};
use crate::protocol::{ErrorCode, codes};
use crate::storage::StorageError;
use crate::storage::remote::{CallError, StatedFailure, known_subcode};

impl From<NodeError> for ApiError {
    fn from(error: NodeError) -> Self {
        let text = error.to_string();
        match error {
            NodeError::NotFound(_) | NodeError::TargetNotFound(_) => Self::new(codes::NOT_FOUND, text),
            NodeError::Invalid { .. } | NodeError::NoBaseUrl(_) | NodeError::Client(_) => {
                Self::new(codes::BAD_REQUEST, text)
            }
            NodeError::InUse(_) => Self::new(codes::CONFLICT, text),
            NodeError::Taken { .. } => Self::new(codes::NODE_UNIQUE_CONFLICT, text),
            NodeError::Disabled(_) => Self::new(codes::NODE_DISABLED, text),
            NodeError::EnrollmentRequired(_) => Self::new(codes::NODE_ENROLLMENT_REQUIRED, text),
            NodeError::Refused { status, stated } => refused(status, &stated),
            NodeError::Unusable(diagnosis) => unusable(&diagnosis),
            NodeError::Storage(source) => stored_badly(text, source),
            NodeError::Seal(error) => Self::internal(codes::CONFIG, error),
            NodeError::Database(error) => Self::internal(codes::DATABASE, error),
        }
    }
}

impl From<EnrollmentError> for ApiError {
    fn from(error: EnrollmentError) -> Self {
        match error {
            EnrollmentError::Node(error) => error.into(),
            refused => Self::new(codes::BAD_REQUEST, refused.to_string()),
        }
    }
}

impl From<PolicyError> for ApiError {
    fn from(error: PolicyError) -> Self {
        let text = error.to_string();
        match error {
            PolicyError::NotFound(_) | PolicyError::GroupNotFound(_) => Self::new(codes::NOT_FOUND, text),
            PolicyError::Invalid(problems) => invalid(&problems),
            PolicyError::InUse { .. } | PolicyError::Taken { .. } => Self::new(codes::CONFLICT, text),
            PolicyError::NoGroup | PolicyError::GroupDisabled(_) | PolicyError::NoRule { .. } => {
                Self::new(codes::PRECONDITION, text)
            }
            PolicyError::TooLarge { .. } => Self::new(super::FILE_TOO_LARGE, text),
            PolicyError::TypeNotAllowed { .. } => Self::new(super::TYPE_NOT_ALLOWED, text),
            PolicyError::Sealed { source, .. } => Self::new(codes::CONFIG, text).because(source),
            PolicyError::Node(error) => error.into(),
            PolicyError::Storage { source, .. } => stored_badly(text, source),
            PolicyError::Database(error) => Self::internal(codes::DATABASE, error),
        }
    }
}

/// All wrong members, as text and, for forms, one by one.
fn invalid(problems: &Problems) -> ApiError {
    let fields =
        problems.all().iter().map(|problem| json!({"field": problem.field, "message": problem.message}));
    let detail = json!({"fields": fields.collect::<Vec<_>>()});
    ApiError::new(codes::BAD_REQUEST, problems.to_string()).with_detail(detail)
}

/// A failed store; when a follower is behind it, with what is wrong with the follower.
fn stored_badly(text: String, source: StorageError) -> ApiError {
    let code = super::storage_code(&source);
    let diagnosis = std::error::Error::source(&source)
        .and_then(|cause| cause.downcast_ref::<CallError>())
        .map(|call| diagnose(call, None));
    let Some(diagnosis) = diagnosis else { return ApiError::new(code, text).because(source) };
    let message = format!("{text}. {}", diagnosis.hint);
    match serde_json::to_value(&diagnosis) {
        Ok(detail) => ApiError::new(code, message).with_detail(detail).because(source),
        Err(cause) => ApiError::new(code, message).because(cause),
    }
}

/// A follower's refusal keeps its status, its number and, when the contract knows it, its subcode.
fn refused(status: u16, stated: &StatedFailure) -> ApiError {
    let known = stated.subcode.and_then(known_subcode);
    let family = match status {
        404 => codes::NOT_FOUND,
        412 => codes::PRECONDITION,
        _ => codes::BAD_REQUEST,
    };
    let code = known.unwrap_or(ErrorCode { number: stated.code, ..family });
    ApiError::new(ErrorCode { status, ..code }, stated.message.clone())
}

/// The diagnosis as text, and as `error.detail` for programs.
fn unusable(diagnosis: &Diagnosis) -> ApiError {
    let error = ApiError::new(code_of(diagnosis.class), diagnosis.to_string());
    match serde_json::to_value(diagnosis) {
        Ok(detail) => error.with_detail(detail),
        Err(cause) => error.because(cause),
    }
}

/// The same for people who only want their files: where the follower is, is not theirs to know.
pub(super) fn unusable_for_users(diagnosis: &Diagnosis) -> ApiError {
    let text = "the follower behind this storage policy cannot be used now; an administrator sees why in the test of \
                its node";
    ApiError::new(code_of(diagnosis.class), text).because(diagnosis.to_string())
}

/// A follower's 401 must not look like one of our own, or browsers would drop their login (wire contract §11.14).
fn code_of(class: Class) -> ErrorCode {
    match class {
        Class::BadEndpoint => codes::BAD_REQUEST,
        Class::DnsFailed
        | Class::ConnectionRefused
        | Class::ConnectTimeout
        | Class::TlsFailed
        | Class::ReplyTimeout
        | Class::ConnectionBroken
        | Class::Unreachable => codes::STORAGE_TRANSIENT,
        Class::HeaderMissing | Class::InvalidSignature | Class::ClockSkew | Class::UnknownAccessKey => {
            codes::STORAGE_AUTH
        }
        Class::BindingDisabled => codes::BINDING_DISABLED,
        Class::NotAFollowerStatus
        | Class::NotAFollowerHtml
        | Class::Redirect
        | Class::VersionMismatch
        | Class::RequirementsMissing => codes::STORAGE_MISCONFIGURED,
        Class::IngressTargetMissing => codes::INGRESS_REQUIRED,
        Class::IngressTargetFailed => codes::INGRESS_DEFAULT_ERROR,
        Class::FollowerError => codes::STORAGE_UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primary::files::FileError;
    use crate::storage::remote::transport::TransportError;

    fn stated(code: i64, subcode: Option<&'static str>) -> StatedFailure {
        StatedFailure { code, message: "said".into(), subcode }
    }

    #[test]
    fn a_follower_s_refusal_keeps_status_number_and_subcode() {
        let table = [
            (
                400,
                stated(1000, Some("managed_ingress.local_path_invalid")),
                "managed_ingress.local_path_invalid",
            ),
            (404, stated(1001, None), "not_found"),
            (
                412,
                stated(3010, Some("managed_ingress.default_delete_requires_replacement")),
                "managed_ingress.default_delete_requires_replacement",
            ),
            (400, stated(3001, None), "bad_request"),
        ];
        for (status, stated, text) in table {
            let number = stated.code;
            let error = ApiError::from(NodeError::Refused { status, stated });
            let code = error.code();
            assert_eq!((code.status, code.number, code.text), (status, number, text));
            assert_eq!(error.message(), "said");
        }
    }

    #[test]
    fn trouble_with_a_follower_never_looks_like_an_ended_login() {
        let classes =
            [Class::HeaderMissing, Class::InvalidSignature, Class::ClockSkew, Class::UnknownAccessKey];
        for class in classes {
            assert_eq!(code_of(class), codes::STORAGE_AUTH);
        }
        assert_eq!(code_of(Class::BindingDisabled).status, 412);
        assert_eq!(code_of(Class::ConnectionRefused).retryable, Some(true));
    }

    #[test]
    fn people_without_administration_are_not_told_where_a_follower_is() {
        let call = CallError {
            url: "http://10.0.0.7:3001/x".into(),
            failure: TransportError::ConnectTimeout.into(),
        };
        let unusable = || PolicyError::Node(NodeError::Unusable(Box::new(diagnose(&call, None))));
        let told = ApiError::from(FileError::Policy(unusable()));
        assert!(!told.message().contains("10.0.0.7"), "{}", told.message());
        assert_eq!(told.code(), &codes::STORAGE_TRANSIENT);
        assert!(ApiError::from(unusable()).message().contains("10.0.0.7"));
    }

    #[test]
    fn the_texts_a_follower_matches_on_are_exact() {
        for (error, text) in [
            (EnrollmentError::Replaced, "enrollment token has been replaced by a newer session"),
            (EnrollmentError::Completed, "enrollment token has already been completed"),
            (EnrollmentError::Expired, "enrollment token has expired"),
        ] {
            let error = ApiError::from(error);
            assert_eq!((error.code(), error.message()), (&codes::BAD_REQUEST, text));
        }
    }
}
