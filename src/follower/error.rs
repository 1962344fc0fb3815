//! The one place where a follower's failures get their status, code and text (wire contract §1).

use super::binding::BindingError;
use super::caller::CallerError;
use super::ingress::IngressError;
use super::replay::AdmitError;
use super::snapshot::{Absence, SnapshotError};
use crate::http::ApiError;
use crate::protocol::{ErrorCode, IngressDriver, KeyError, RangeError, codes};
use crate::storage::{ErrorKind, StorageError};

impl From<CallerError> for ApiError {
    fn from(error: CallerError) -> Self {
        let code = match &error {
            CallerError::UnknownAccessKey | CallerError::Signature => codes::CREDENTIALS_FAILED,
            CallerError::Disabled => codes::BINDING_DISABLED,
            CallerError::AnotherSize { .. } => codes::BAD_REQUEST,
            CallerError::Missing(_)
            | CallerError::Repeated(_)
            | CallerError::Number(_)
            | CallerError::ClockSkew(_)
            | CallerError::Expired
            | CallerError::NotAdmitted(AdmitError::Refused(_)) => codes::TOKEN_INVALID,
            CallerError::NotAdmitted(AdmitError::Disk(_)) => return Self::internal(codes::INTERNAL, error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<BindingError> for ApiError {
    fn from(error: BindingError) -> Self {
        match error {
            BindingError::Name => Self::new(codes::BAD_REQUEST, error.to_string()),
            BindingError::Database(_) => Self::internal(codes::DATABASE, error),
            BindingError::Sealed(_) => Self::internal(codes::CONFIG, error),
            BindingError::Damaged(_)
            | BindingError::Missing
            | BindingError::OtherPrimary { .. }
            | BindingError::OtherNode { .. }
            | BindingError::OtherSecret => Self::internal(codes::INTERNAL, error),
        }
    }
}

impl From<IngressError> for ApiError {
    fn from(error: IngressError) -> Self {
        let code = match &error {
            IngressError::Database(_) => return Self::internal(codes::DATABASE, error),
            IngressError::Damaged(_) | IngressError::Sealed(..) => {
                return Self::internal(codes::INTERNAL, error);
            }
            IngressError::Invalid(_) | IngressError::TooMany => codes::BAD_REQUEST,
            IngressError::LocalPath { .. } => codes::INGRESS_LOCAL_PATH_INVALID,
            IngressError::DriverUnsupported(_) => codes::INGRESS_DRIVER_UNSUPPORTED,
            IngressError::NotFound(_) => codes::NOT_FOUND,
            IngressError::DefaultUpdateRequiresReplacement => {
                codes::INGRESS_DEFAULT_UPDATE_REQUIRES_REPLACEMENT
            }
            IngressError::DefaultDeleteRequiresReplacement => {
                codes::INGRESS_DEFAULT_DELETE_REQUIRES_REPLACEMENT
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<SnapshotError> for ApiError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Binding(error) => error.into(),
            SnapshotError::Ingress(error) => error.into(),
        }
    }
}

impl From<Absence> for ApiError {
    fn from(absence: Absence) -> Self {
        let code = match &absence {
            Absence::Required => codes::INGRESS_REQUIRED,
            Absence::DefaultMissing => codes::INGRESS_DEFAULT_MISSING,
            Absence::DefaultError(_) => codes::INGRESS_DEFAULT_ERROR,
            Absence::DefaultNotApplied => codes::INGRESS_DEFAULT_NOT_APPLIED,
            Absence::Unknown(_) => codes::INGRESS_TARGET_UNKNOWN,
            Absence::Unusable { .. } => codes::INGRESS_TARGET_ERROR,
            Absence::Failed(failed) => storage_code(failed.error.kind(), failed.driver(), codes::CONFIG),
        };
        Self::new(code, absence.to_string())
    }
}

/// A failed operation on one object of a target; an absent object is 404.
pub(super) fn object_failure(driver: IngressDriver) -> impl FnOnce(StorageError) -> ApiError {
    move |error| storage_failure(error, driver, codes::NOT_FOUND)
}

/// A failed compose; an absent part is a fault of the storage's content, not a missing endpoint or object (§5.7).
pub(super) fn compose_failure(driver: IngressDriver) -> impl FnOnce(StorageError) -> ApiError {
    move |error| storage_failure(error, driver, codes::STORAGE_NOT_FOUND)
}

pub(super) fn bad_key(error: KeyError) -> ApiError {
    ApiError::new(codes::BAD_REQUEST, error.to_string())
}

pub(super) fn bad_range(error: RangeError) -> ApiError {
    ApiError::new(codes::BAD_REQUEST, error.to_string())
}

fn storage_failure(error: StorageError, driver: IngressDriver, absent: ErrorCode) -> ApiError {
    ApiError::new(storage_code(error.kind(), driver, absent), error.to_string()).because(error)
}

fn storage_code(kind: ErrorKind, driver: IngressDriver, absent: ErrorCode) -> ErrorCode {
    match (kind, driver) {
        (ErrorKind::NotFound, _) => absent,
        // Nobody reads the answer to a body that broke off; it is there for the log.
        (ErrorKind::InvalidArgument | ErrorKind::RangeNotSatisfiable | ErrorKind::BodyInterrupted, _) => {
            codes::BAD_REQUEST
        }
        // The two numbers of the wire contract for the same thing (§5.3).
        (ErrorKind::SizeMismatch, IngressDriver::Local) | (ErrorKind::Unknown, _) => codes::STORAGE_UNKNOWN,
        (ErrorKind::SizeMismatch, IngressDriver::S3) | (ErrorKind::Transient, _) => codes::STORAGE_TRANSIENT,
        (ErrorKind::Full, _) => codes::STORAGE_FULL,
        (ErrorKind::Auth, _) => codes::STORAGE_AUTH,
        (ErrorKind::Permission, _) => codes::STORAGE_PERMISSION,
        // What is wrong with a local directory is a matter of this follower's configuration.
        (ErrorKind::Misconfigured, IngressDriver::Local) => codes::CONFIG,
        (ErrorKind::Misconfigured, IngressDriver::S3) => codes::STORAGE_MISCONFIGURED,
        (ErrorKind::RateLimited, _) => codes::STORAGE_RATE_LIMITED,
        (ErrorKind::Precondition, _) => codes::STORAGE_PRECONDITION,
        (ErrorKind::Unsupported, _) => codes::STORAGE_UNSUPPORTED,
    }
}
