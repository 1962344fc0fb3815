//! The image and the Compose files with a real engine, from the build to the last `down`.
//!
//! A binary of its own, because these tests want the machine for themselves: the image is built once, and then they run
//! one after another (`engine::take`). They use the engine that answers, or start one; where neither works they say so
//! in one line and pass.

// A test may write a file in one plain call.
#![allow(clippy::disallowed_methods)]

// The other test binary uses the rest of it.
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;

mod engine;
mod stack;

mod bucket;
mod drive;
mod follower_alone;
mod image;
mod pages;
mod primaries;
mod proxy;
mod settings;
