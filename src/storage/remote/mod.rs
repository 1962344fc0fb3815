//! Objects on a follower: [`FollowerClient`] speaks the wire contract over a [`transport::Transport`], and
//! [`RemoteStore`] is an object store on top of it.
//!
//! Owned here: signing what is sent, reading what comes back, and deciding whether the answer is believable. A
//! follower is not trusted to be correct: lengths, ranges and checksums are compared with what was asked. Nothing here
//! knows nodes, policies or the database.

mod body;
mod client;
pub mod guard;
mod ingress;
mod objects;
mod reply;
#[cfg(test)]
pub(crate) mod scripted;
mod store;
pub mod transport;

pub use self::client::{Answer, ClientError, FollowerClient};
pub use self::reply::{CallError, CallFailure, Refusal, ReplyProblem, StatedFailure, date_of, known_subcode};
pub use self::store::RemoteStore;
