//! What a follower needs beyond its machine: its binding, its primary, its ingress targets.

use super::{Report, machine, visit};
use crate::config::Config;
use crate::db::{Db, Schema};
use crate::follower::{enrollment, target_summaries};
use crate::storage::remote::transport;

pub(super) async fn examine(report: &mut Report, config: &Config) {
    machine::space(report, "space", &config.server.follower.managed_ingress_local_root);
    let Some(db) = machine::database(report, config, Schema::Follower).await else { return };
    if let Some(primary) = binding(report, &db).await {
        reach(report, &primary).await;
        targets(report, &db).await;
    }
    db.close().await;
}

/// The address of the primary.
async fn binding(report: &mut Report, db: &Db) -> Option<String> {
    const CHECK: &str = "binding";
    match enrollment::existing(db).await {
        Err(error) => report.fail(CHECK, error.to_string()),
        Ok(None) => report.warn(
            CHECK,
            "this follower is not enrolled; run the command from its node's record at the primary, or set the \
             ASTER_BOOTSTRAP_REMOTE_… variables and start it",
        ),
        Ok(Some(binding)) => {
            let text = format!("enrolled as `{}` with {}", binding.name, binding.master_url);
            if !binding.is_enabled {
                report.warn(CHECK, format!("{text}, but disabled there; objects are refused until it is enabled"));
            } else if binding.ack_owed {
                report.warn(CHECK, format!("{text}; the primary has yet to be told, which is tried again"));
            } else {
                report.ok(CHECK, text);
            }
            return Some(binding.enrolled_through);
        }
    }
    None
}

async fn reach(report: &mut Report, primary: &str) {
    const CHECK: &str = "primary";
    match visit::health(&transport::direct(), primary).await {
        Ok(visited) => {
            report.ok(CHECK, format!("{primary} answers"));
            match visited.clock_difference_ms {
                Some(difference) => visit::clock(report, "the primary", difference),
                None => report.warn("clock", "the primary sends no date, so the clocks cannot be compared"),
            }
        }
        // It is the primary that calls; a follower needs it for enrollment only.
        Err(error) => report.warn(
            CHECK,
            format!(
                "{error}. Stored objects are served all the same; is it down, or has its address changed?"
            ),
        ),
    }
}

async fn targets(report: &mut Report, db: &Db) {
    const CHECK: &str = "ingress target";
    match target_summaries(db).await {
        Err(error) => report.fail(CHECK, error.to_string()),
        Ok(targets) if targets.is_empty() => {
            report.warn(CHECK, "there is none; make one at the primary, or nothing can be stored here");
        }
        Ok(targets) => {
            for target in targets {
                let default = if target.is_default { " (default)" } else { "" };
                if target.last_error.is_empty() {
                    report.ok(CHECK, format!("`{}`{default} can be used", target.name));
                } else {
                    report.fail(CHECK, format!("`{}`{default}: {}", target.name, target.last_error));
                }
            }
        }
    }
}
