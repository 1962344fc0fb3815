//! Tells the binary when it was built. `ASTER_BUILD_EPOCH` or `SOURCE_DATE_EPOCH` (Unix seconds) makes the build
//! reproducible; the first is for builds that keep compiled C libraries, which are compiled anew when the second changes.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo:rerun-if-env-changed=ASTER_BUILD_EPOCH");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=Cargo.toml");
    let variable = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let given = variable("ASTER_BUILD_EPOCH").or_else(|| variable("SOURCE_DATE_EPOCH"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    println!("cargo:rustc-env=ASTER_BUILD_EPOCH={}", given.unwrap_or(now));
}
