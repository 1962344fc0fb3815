//! The one integration test binary: real processes, real sockets, real files.

// A test may write a file in one plain call.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod acceptance;
mod accounts;
mod admin_api;
mod architecture;
mod backup;
mod configuration;
mod confinement;
mod crash;
mod dead_node;
mod declared_bootstrap;
mod doctor;
mod faults;
mod hot_path;
mod large_file;
mod live_changes;
mod long_listing;
mod make_run;
mod primary_crash;
mod re_enrollment;
mod reverse_proxy;
mod s3_outage;
mod s3_target;
mod shares;
mod signals;
mod start_sequence;
mod storage_migration;
mod systemd_unit;
mod two_primaries;
mod uploads;
mod walk;
mod webdav;
