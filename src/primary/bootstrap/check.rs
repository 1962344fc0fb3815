//! Whether what is declared makes sense to this primary: everything that can be said before anything is written.

use std::fmt;

use super::{generated_password, new_node};
use crate::config::{DeclaredBootstrap, DeclaredGroup, DeclaredNode, DeclaredPolicy, DeclaredTarget};
use crate::primary::accounts::NewAccount;
use crate::primary::policies::{CheckedPolicy, NewGroup, NewOptions, NewPolicy, NewRule};
use crate::primary::settings::Settings;
use crate::storage::s3::S3Location;

/// Every mistake of a declaration, each with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// Nodes are declared, and their followers would be told no address.
    pub(super) fn no_site_url() -> Self {
        Self(vec![
            "ASTER_BOOTSTRAP_PUBLIC_SITE_URL is missing: nodes are declared, and a follower is told at its \
             enrollment where its primary is. Give the address under which browsers and followers reach this primary"
                .to_owned(),
        ])
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("there is a mistake in the declared bootstrap:")?,
            count => write!(f, "there are {count} mistakes in the declared bootstrap:")?,
        }
        for mistake in &self.0 {
            write!(f, "\n\n  {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// The administrator to make, when nothing is wrong with anything.
pub(super) fn all(declared: &DeclaredBootstrap) -> Result<NewAccount, Mistakes> {
    let mut mistakes = Vec::new();
    let admin = &declared.admin;
    let password = admin.password.clone().unwrap_or_else(generated_password);
    let account = NewAccount::new(&admin.username, &admin.email, password)
        .map_err(|error| mistakes.push(format!("ASTER_BOOTSTRAP_ADMIN_…: {error}")));
    if let Err(error) = Settings::check_public_site_urls(&declared.public_site_url) {
        mistakes.push(format!("ASTER_BOOTSTRAP_PUBLIC_SITE_URL: {error}"));
    }
    if let Some(file) = &declared.file {
        for (index, node) in file.nodes.iter().enumerate() {
            check_node(&format!("nodes[{index}]"), node, &mut mistakes);
        }
        for (index, policy) in file.policies.iter().enumerate() {
            if let Err(problems) = CheckedPolicy::of(&new_policy(policy, Some(0))) {
                mistakes.push(format!("policies[{index}]: {problems}"));
            }
        }
        for (index, group) in file.groups.iter().enumerate() {
            // Ids are not known yet; each policy gets one of its own, so that a policy named twice is seen.
            let id = |name: &str| file.policies.iter().position(|policy| policy.name == name);
            let rules = group.rules.iter().map(|rule| (rule, id(&rule.policy).unwrap_or_default()));
            let rules = rules.map(|(rule, id)| (rule, i64::try_from(id).unwrap_or_default())).collect();
            if let Err(problems) = new_group(group, rules).check() {
                // In the file the rules are called rules.
                let text = problems.to_string().replace("items", "rules").replace("policy_id", "policy");
                mistakes.push(format!("groups[{index}]: {text}"));
            }
        }
    }
    match account {
        Ok(account) if mistakes.is_empty() => Ok(account),
        _ => Err(Mistakes(mistakes)),
    }
}

fn check_node(path: &str, node: &DeclaredNode, mistakes: &mut Vec<String>) {
    if let Err(error) = new_node(node).check() {
        mistakes.push(format!("{path}.{error}"));
    }
    for (index, target) in node.targets.iter().enumerate() {
        if let Err(error) = check_target(target) {
            mistakes.push(format!("{path}.targets[{index}]: {error}"));
        }
    }
}

fn check_target(target: &DeclaredTarget) -> Result<(), String> {
    let Some(bucket) = &target.bucket else { return Ok(()) };
    let location = S3Location::normalize(&bucket.endpoint, &bucket.bucket, &target.base_path);
    location.map(|_| ()).map_err(|error| error.to_string())
}

/// The policy as the API takes it.
pub(super) fn new_policy(policy: &DeclaredPolicy, node_id: Option<i64>) -> NewPolicy {
    NewPolicy {
        name: policy.name.clone(),
        driver_type: if policy.node.is_some() { "remote" } else { "local" }.to_owned(),
        base_path: Some(policy.base_path.clone()),
        remote_node_id: policy.node.as_ref().and(node_id),
        max_file_size: Some(policy.max_file_size),
        chunk_size: policy.chunk_size,
        options: Some(NewOptions {
            remote_upload_strategy: policy.upload_strategy.clone(),
            remote_download_strategy: policy.download_strategy.clone(),
            ..NewOptions::default()
        }),
        ..NewPolicy::default()
    }
}

/// The group as the API takes it, with the ids of its rules' policies.
pub(super) fn new_group(group: &DeclaredGroup, rules: Vec<(&crate::config::DeclaredRule, i64)>) -> NewGroup {
    let rule = |(rule, policy_id): (&crate::config::DeclaredRule, i64)| NewRule {
        policy_id,
        priority: rule.priority,
        min_file_size: rule.min_file_size,
        max_file_size: rule.max_file_size,
    };
    NewGroup {
        name: group.name.clone(),
        description: None,
        is_enabled: None,
        is_default: None,
        items: rules.into_iter().map(rule).collect(),
    }
}
