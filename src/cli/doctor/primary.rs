//! What a primary needs beyond its machine: its public address, its declared bootstrap, its nodes.

use super::{Options, Report, content, machine, visit};
use crate::config::Config;
use crate::db::{Db, Schema};
use crate::primary::bootstrap::{self, Bootstrap};
use crate::primary::files::Files;
use crate::primary::nodes::{EnrollmentStatus, Node, NodeSort, Nodes, SortOrder};
use crate::primary::policies::{Machine, Policies};
use crate::primary::settings::Settings;
use crate::protocol::Timestamp;
use crate::storage::remote::transport;

/// Nodes looked at; more than any installation has.
const MOST_NODES: u32 = 10_000;

pub(super) async fn examine(report: &mut Report, config: &Config, options: Options) {
    let Some(db) = machine::database(report, config, Schema::Primary).await else { return };
    let settings = match Settings::open(db.clone()).await {
        Ok(settings) => settings,
        Err(error) => return report.fail("database", error.to_string()),
    };
    site_url(report, &settings).await;
    let key = config.auth.sealing_key.clone();
    let nodes = Nodes::new(db.clone(), key.clone(), transport::direct(), settings.clone());
    let policies = Policies::new(db.clone(), nodes.clone(), Machine::from_config(config));
    let files = Files::new(db.clone(), settings.clone());
    content::counts(report, &files, config, options).await;
    if options.deep {
        content::objects(report, &files, &policies).await;
    }
    steps(report, &Bootstrap::new(db.clone(), key, settings, nodes.clone(), policies)).await;
    all_nodes(report, &nodes, &db).await;
}

async fn site_url(report: &mut Report, settings: &Settings) {
    const CHECK: &str = "public site URL";
    let Some(url) = settings.public_site_url() else {
        let text = "public_site_url is empty; followers cannot enroll before it is set, in the console or by \
                    ASTER_BOOTSTRAP_PUBLIC_SITE_URL";
        return report.warn(CHECK, text);
    };
    match visit::health(&transport::direct(), url.as_str()).await {
        Ok(_) => report.ok(CHECK, format!("{url} answers")),
        Err(error) => report.fail(
            CHECK,
            format!(
                "public_site_url is {url}, and from here {error}. Browsers and followers must reach this primary \
                 there; correct the setting, or what stands in between"
            ),
        ),
    }
}

async fn steps(report: &mut Report, bootstrap: &Bootstrap) {
    const CHECK: &str = "bootstrap";
    let steps = match bootstrap.steps().await {
        Ok(steps) => steps,
        Err(error) => return report.fail(CHECK, error.to_string()),
    };
    let open: Vec<_> = steps.iter().filter(|step| step.state != bootstrap::State::Done).collect();
    match (steps.len(), open.len()) {
        (0, _) => report.ok(CHECK, "nothing was declared"),
        (all, 0) => report.ok(CHECK, format!("all {all} steps are done")),
        (all, open) => report.warn(CHECK, format!("{open} of {all} steps are open")),
    }
    for step in open {
        let text = format!("{step}: {} (since {})", step.message, step.since.to_rfc3339());
        match step.state {
            bootstrap::State::Failed => report.fail(CHECK, text),
            _ if step.message.is_empty() => {}
            _ => report.warn(CHECK, text),
        }
    }
}

async fn all_nodes(report: &mut Report, nodes: &Nodes, db: &Db) {
    match nodes.list(NodeSort::Name, SortOrder::Asc, MOST_NODES, 0).await {
        Ok((all, _)) if all.is_empty() => report.ok("nodes", "there are none"),
        Ok((all, _)) => all.iter().for_each(|node| one_node(report, node)),
        Err(error) => report.fail("nodes", error.to_string()),
    }
    db.close().await;
}

fn one_node(report: &mut Report, node: &Node) {
    const CHECK: &str = "node";
    let name = &node.name;
    let status = node.enrollment_status(Timestamp::now());
    if !node.is_enabled {
        report.ok(CHECK, format!("`{name}` is disabled"));
    } else if status == EnrollmentStatus::Expired || status == EnrollmentStatus::NotStarted {
        report.warn(CHECK, format!("`{name}` has no usable enrollment token; make one in the console"));
    } else if status != EnrollmentStatus::Completed {
        report.warn(CHECK, format!("`{name}` waits for its follower to enroll"));
    } else if !node.last_error.is_empty() {
        report.fail(CHECK, format!("`{name}`: {}", node.last_error));
    } else {
        report.ok(CHECK, format!("`{name}` is enrolled and was well when it was looked at last"));
    }
    if let Some(difference) = node.clock_difference_ms.filter(|_| status == EnrollmentStatus::Completed) {
        visit::clock(report, &format!("node `{name}`"), difference);
    }
}
