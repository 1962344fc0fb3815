//! What the tests start: real processes of the binary, a gateway that can hold a message between them, and a client
//! that speaks to both roles.

pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod declared;
pub(crate) mod enrolled;
pub(crate) mod follower;
pub(crate) mod garage;
pub(crate) mod gateway;
pub(crate) mod pair;
pub(crate) mod postgres;
pub(crate) mod primary;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod random;
pub(crate) mod reserved;
pub(crate) mod signed;
pub(crate) mod wait;
