//! The wire between primary and follower, version 2: names, types, signing, object keys, capabilities.
//!
//! Both ends use this module, so that neither can drift. It does no I/O and knows no framework. Section numbers
//! in the comments refer to `docs/storage-protocol.md`, the wire contract.

mod base_url;
mod capabilities;
mod cors;
mod enrollment;
mod envelope;
mod error_code;
mod ingress;
mod object_key;
mod objects;
mod presign;
mod range;
mod signing;
mod timestamp;

pub use self::base_url::{BaseUrl, BaseUrlError, shown as shown_url};
pub use self::capabilities::{
    BrowserCors, Capabilities, Capacity, Features, Limits, Needs, PROTOCOL_VERSION, TargetCondition,
    TargetState, VersionMismatch,
};
pub use self::cors::{
    ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS_GET, EXPOSED_HEADERS_PUT, MAX_AGE_SECS, Origin,
    OriginError,
};
pub use self::enrollment::{
    ACK_PATH, AckRequest, AckToken, BindingUpdate, ENROLLMENT_TOKEN_LIFETIME_SECS, Namespace, NamespaceError,
    REDEEM_PATH, RedeemReply, RedeemRequest, TOKEN_COMPLETED, TOKEN_EXPIRED, TOKEN_REPLACED, random_token,
    sha256_hex,
};
pub use self::envelope::{Envelope, ErrorBody};
pub use self::error_code::{ErrorCode, codes};
pub use self::ingress::{
    BucketAddressing, CreateIngressTarget, INGRESS_TARGET_MEMBER, IngressDriver, IngressTarget,
    UpdateIngressTarget,
};
pub use self::object_key::{KeyError, MAX_KEY_BYTES, ObjectKey};
pub use self::objects::{ComposeReply, ComposeRequest, ListReply, MetadataReply};
pub use self::presign::{
    PRESIGN_ACCESS_KEY, PRESIGN_CONTENT_LENGTH, PRESIGN_EXPIRES, PRESIGN_SIGNATURE, PresignedFields,
    ResponseOverrides, presigned_target,
};
pub use self::range::{ByteRange, RangeError, ResolvedRange};
pub use self::signing::{
    HEADER_ACCESS_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, MAX_CLOCK_SKEW_SECS, SignedFields,
    SigningKey,
};
pub use self::timestamp::Timestamp;

/// Path prefix of everything a follower serves to its primary (`S` in the wire contract).
pub const STORAGE_PATH: &str = "/api/v1/internal/storage";

/// Largest JSON body either end accepts, in bytes.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;
