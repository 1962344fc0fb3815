//! Objects on a follower.
