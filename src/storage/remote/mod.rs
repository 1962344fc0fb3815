//! Objects on a follower, spoken to over a [`transport::Transport`].

pub mod transport;
