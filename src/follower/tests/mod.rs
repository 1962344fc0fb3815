//! A real follower on a real socket, spoken to in plain HTTP/1.1, so that what is signed is what is sent.

mod access;
mod browser;
mod buckets;
mod control;
mod enrolling;
mod objects;
mod restart;
mod support;
mod through_the_wire;
