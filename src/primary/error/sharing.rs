//! What failures of teams, shares, links and archives are to a client.

use crate::http::ApiError;
use crate::primary::archives::ArchiveError;
use crate::primary::links::LinkError;
use crate::primary::shares::ShareError;
use crate::primary::teams::TeamError;
use crate::primary::webdav::{LoginError, WebdavError};
use crate::protocol::{ErrorCode, codes};

/// Not 401: the login in the app is good, and a page that renews it at each 401 would try again.
const WEBDAV_LOGIN_REFUSED: ErrorCode = ErrorCode { status: 403, ..codes::CREDENTIALS_FAILED };
const SHARE_NOT_FOUND: ErrorCode = ErrorCode { number: 6000, text: "share.not_found", ..codes::NOT_FOUND };
const SHARE_PASSWORD: ErrorCode =
    ErrorCode { number: 6002, text: "share.password_required", ..codes::FORBIDDEN };
const SHARE_WRONG_PASSWORD: ErrorCode = ErrorCode { text: "share.password_wrong", ..SHARE_PASSWORD };
const SHARE_LIMIT: ErrorCode =
    ErrorCode { number: 6003, text: "share.download_limit_reached", ..codes::FORBIDDEN };

impl From<TeamError> for ApiError {
    fn from(error: TeamError) -> Self {
        let code = match &error {
            TeamError::NotFound(_) | TeamError::MemberNotFound(_) | TeamError::UnknownUser(_) => {
                codes::NOT_FOUND
            }
            TeamError::NotAllowed { .. } => codes::FORBIDDEN,
            TeamError::AlreadyMember(_)
            | TeamError::LastOwner(_)
            | TeamError::Archived(_)
            | TeamError::NotArchived(_)
            | TeamError::BeingRemoved(_)
            | TeamError::TooManyTeams(_)
            | TeamError::TooManyMembers(_) => codes::CONFLICT,
            TeamError::UnknownGroup(_)
            | TeamError::Name(_)
            | TeamError::Description(_)
            | TeamError::Quota => codes::BAD_REQUEST,
            TeamError::Database(_) => return Self::internal(codes::DATABASE, error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<ShareError> for ApiError {
    fn from(error: ShareError) -> Self {
        let code = match error {
            ShareError::File(error) => return error.into(),
            ShareError::Account(error) => return error.into(),
            ShareError::TooSoon(wait) => return wait.into(),
            ShareError::Database(_) => return Self::internal(codes::DATABASE, error),
            ShareError::Unknown(_) | ShareError::NotFound | ShareError::NotInShare { .. } => SHARE_NOT_FOUND,
            ShareError::Exists { .. } => codes::CONFLICT,
            ShareError::PasswordNeeded => SHARE_PASSWORD,
            ShareError::WrongPassword => SHARE_WRONG_PASSWORD,
            ShareError::LimitReached => SHARE_LIMIT,
            ShareError::ExpiryInPast | ShareError::LimitTooLarge | ShareError::PasswordTooLong(_) => {
                codes::BAD_REQUEST
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<WebdavError> for ApiError {
    fn from(error: WebdavError) -> Self {
        let code = match error {
            WebdavError::File(error) => return error.into(),
            WebdavError::Team(error) => return error.into(),
            WebdavError::Account(error) => return error.into(),
            WebdavError::Database(_) => return Self::internal(codes::DATABASE, error),
            WebdavError::Username | WebdavError::Password => codes::BAD_REQUEST,
            WebdavError::UsernameTaken(_) | WebdavError::TooMany => codes::CONFLICT,
            WebdavError::NotFound(_) => codes::NOT_FOUND,
        };
        Self::new(code, error.to_string())
    }
}

/// To the test of an account in the app, whose own login is good; `webdav::dav` has the answers to programs.
impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::TooSoon(wait) => wait.into(),
            LoginError::Account(error) => error.into(),
            LoginError::Team(error) => error.into(),
            LoginError::Database(_) => Self::internal(codes::DATABASE, error),
            LoginError::Missing | LoginError::Wrong => Self::new(WEBDAV_LOGIN_REFUSED, error.to_string()),
            LoginError::Disabled | LoginError::NoTeam => Self::new(codes::FORBIDDEN, error.to_string()),
        }
    }
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::File(error) => error.into(),
            LinkError::NotFound => Self::new(codes::NOT_FOUND, error.to_string()),
            LinkError::ReadOnly => Self::new(codes::FORBIDDEN, error.to_string()),
            LinkError::Database(_) => Self::internal(codes::DATABASE, error),
        }
    }
}

impl From<ArchiveError> for ApiError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::File(error) => error.into(),
            ArchiveError::NoTicket => Self::new(codes::NOT_FOUND, error.to_string()),
            ArchiveError::Database(_) => Self::internal(codes::DATABASE, error),
        }
    }
}
