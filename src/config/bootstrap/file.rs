//! The bootstrap file: TOML that declares nodes with their ingress targets, storage policies and policy groups.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use toml::de::DeTable;

use super::FILE;
use super::declaration::{
    DeclaredBucket, DeclaredFile, DeclaredGroup, DeclaredNode, DeclaredPolicy, DeclaredRule, DeclaredTarget,
};
use super::table::{Mistakes, Table};
use crate::config::problem::{Problem, nearest};

/// Largest file in bytes, far above what the counts below allow to say.
const MAX_BYTES: u64 = 1024 * 1024;
const MAX_NODES: usize = 256;
const MAX_TARGETS: usize = 16;
const MAX_POLICIES: usize = 256;
const MAX_GROUPS: usize = 64;
const MAX_RULES: usize = 100;
/// Longest name of anything, in characters.
const MAX_NAME_CHARS: usize = 128;
/// Length of a token an operator chooses. The shortest has more than 128 bits when it is random.
const TOKEN_CHARS: std::ops::RangeInclusive<usize> = 32..=128;

/// Reads `file`; a relative path counts from the working directory. All mistakes go to `problems`.
pub(super) fn read(working_dir: &Path, file: &str, problems: &mut Vec<Problem>) -> Option<DeclaredFile> {
    let text = match text(&working_dir.join(file)) {
        Ok(text) => text,
        Err(reason) => {
            problems.push(Problem::new(FILE, reason).value(format!("{file:?}")));
            return None;
        }
    };
    let before = problems.len();
    let declaration = parse(working_dir, file, &text, problems);
    (problems.len() == before).then_some(declaration)
}

fn text(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|opened| opened.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(|error| {
            format!(
                "the bootstrap file cannot be read: {error}. Mend the path or the permissions; once the bootstrap is \
                 satisfied, the variable can be removed"
            )
        })?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("the bootstrap file is larger than {MAX_BYTES} bytes"));
    }
    Ok(text)
}

fn parse(working_dir: &Path, file: &str, text: &str, problems: &mut Vec<Problem>) -> DeclaredFile {
    let mistakes = Mistakes::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        mistakes.add(offset, "TOML", error.message());
    }
    // What is read out of broken TOML would be half of what was meant.
    let mut declaration = DeclaredFile::default();
    if errors.is_empty() {
        declaration = root_table(Table::root(root.get_ref(), &mistakes), working_dir);
    }
    problems.extend(mistakes.into_problems());
    declaration
}

fn root_table(mut root: Table<'_, '_>, working_dir: &Path) -> DeclaredFile {
    let mut node_names = Unique::new("node");
    let mut tokens = HashMap::new();
    let nodes = root.tables("nodes", MAX_NODES).into_iter();
    let nodes: Vec<_> =
        nodes.filter_map(|table| node(table, working_dir, &mut node_names, &mut tokens)).collect();
    let mut policy_names = Unique::new("policy");
    let policies = root.tables("policies", MAX_POLICIES).into_iter();
    let policies: Vec<_> =
        policies.filter_map(|table| policy(table, &node_names, &mut policy_names)).collect();
    let mut group_names = Unique::new("group");
    let mut default_group = None;
    let groups = root.tables("groups", MAX_GROUPS).into_iter();
    let groups: Vec<_> = groups
        .filter_map(|table| group(table, &policy_names, &mut group_names, &mut default_group))
        .collect();
    root.end();
    DeclaredFile { nodes, policies, groups }
}

/// The names of one kind, each to be there once.
struct Unique {
    what: &'static str,
    names: Vec<String>,
}

impl Unique {
    fn new(what: &'static str) -> Self {
        Self { what, names: Vec::new() }
    }

    /// The `name` of a table, noted also when something else in the table is wrong, so that references to it stand.
    fn name_of(&mut self, table: &mut Table<'_, '_>) -> Option<String> {
        let name = table.required("name")?;
        if name.chars().count() > MAX_NAME_CHARS {
            table.wrong("name", format!("must have at most {MAX_NAME_CHARS} characters"));
            return None;
        }
        if self.names.contains(&name) {
            table.wrong_value("name", &name, format!("another {} above has this name", self.what));
            return None;
        }
        self.names.push(name.clone());
        Some(name)
    }

    /// A name in `key` that must be one of these.
    fn reference(&self, table: &mut Table<'_, '_>, key: &'static str) -> Option<String> {
        let name = table.required(key)?;
        if self.names.contains(&name) {
            return Some(name);
        }
        let advice = match nearest(&name, self.names.iter().map(String::as_str)) {
            Some(near) => format!("no {} with this name is declared; did you mean {near:?}?", self.what),
            None => format!("no {} with this name is declared in this file", self.what),
        };
        table.wrong_value(key, &name, advice);
        None
    }
}

fn node(
    mut table: Table<'_, '_>,
    working_dir: &Path,
    names: &mut Unique,
    tokens: &mut HashMap<String, String>,
) -> Option<DeclaredNode> {
    let name = names.name_of(&mut table);
    let namespace = table.text("namespace");
    let base_url = table.required("base_url");
    let token = token(&mut table, working_dir, name.as_deref().unwrap_or_default(), tokens);
    let mut target_names = Unique::new("target of this node");
    let mut default = None;
    let targets = table.tables("targets", MAX_TARGETS).into_iter();
    let mut targets: Vec<_> =
        targets.filter_map(|table| target(table, working_dir, &mut target_names, &mut default)).collect();
    if default.is_none()
        && let Some(first) = targets.first_mut()
    {
        first.is_default = true;
    }
    table.end();
    Some(DeclaredNode { name: name?, namespace, base_url: base_url?, token: token?, targets })
}

fn token(
    table: &mut Table<'_, '_>,
    working_dir: &Path,
    node: &str,
    tokens: &mut HashMap<String, String>,
) -> Option<SecretString> {
    let token = table.secret("token", "token_file", working_dir)?;
    let text = token.expose_secret();
    let key = if table.has("token_file") { "token_file" } else { "token" };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !TOKEN_CHARS.contains(&text.len()) || !text.bytes().all(legal) {
        let advice = "the token must have 32 to 128 characters from A-Z, a-z, 0-9, `_` and `-`; make one with: \
                      openssl rand -hex 32";
        table.wrong(key, advice);
        return None;
    }
    if let Some(other) = tokens.insert(text.to_owned(), node.to_owned()) {
        table.wrong(key, format!("node {other:?} has the same token; each node needs one of its own"));
        return None;
    }
    Some(token)
}

/// At most one table says `is_default = true`; `seen` is the path of the one that did.
fn only_default(table: &mut Table<'_, '_>, seen: &mut Option<String>) -> bool {
    let is_default = table.flag("is_default");
    if is_default {
        match seen {
            Some(first) => table.wrong("is_default", format!("{first} is true already; only one may be")),
            None => *seen = Some(table.path_of("is_default")),
        }
    }
    is_default
}

fn target(
    mut table: Table<'_, '_>,
    working_dir: &Path,
    names: &mut Unique,
    default: &mut Option<String>,
) -> Option<DeclaredTarget> {
    let name = names.name_of(&mut table);
    let driver = if table.has("driver_type") {
        table.choice("driver_type", &["local", "s3"])
    } else {
        table.required("driver_type").map(|_| "local")
    };
    let is_default = only_default(&mut table, default);
    let max_file_size = table.number("max_file_size", 0).unwrap_or(0);
    // Which other keys belong here depends on the driver; without one they cannot be judged.
    let is_bucket = driver? == "s3";
    let bucket = if is_bucket { Some(bucket(&mut table, working_dir)) } else { None };
    let base_path =
        if is_bucket { table.text("base_path").or(Some(String::new())) } else { local_path(&mut table) };
    table.end();
    let bucket = match bucket {
        Some(bucket) => Some(bucket?),
        None => None,
    };
    Some(DeclaredTarget { name: name?, base_path: base_path?, max_file_size, is_default, bucket })
}

fn local_path(table: &mut Table<'_, '_>) -> Option<String> {
    let path = table.required("base_path")?;
    if path.starts_with(['/', '\\']) || path.split(['/', '\\']).any(|segment| segment == "..") {
        let advice =
            "must be relative, below the follower's ingress root, and without `..`, such as \"data\"";
        table.wrong_value("base_path", &path, advice);
        return None;
    }
    Some(path)
}

fn bucket(table: &mut Table<'_, '_>, working_dir: &Path) -> Option<DeclaredBucket> {
    let endpoint = table.required("endpoint");
    let bucket = table.required("bucket");
    let region = table.text("region").filter(|region| !region.is_empty());
    let addressing = table.choice("addressing", &["path", "virtual_host"]);
    let access_key = table.secret("access_key", "access_key_file", working_dir);
    let secret_key = table.secret("secret_key", "secret_key_file", working_dir);
    Some(DeclaredBucket {
        endpoint: endpoint?,
        bucket: bucket?,
        region,
        addressing: addressing.map(str::to_owned),
        access_key: access_key?,
        secret_key: secret_key?,
    })
}

fn policy(mut table: Table<'_, '_>, nodes: &Unique, names: &mut Unique) -> Option<DeclaredPolicy> {
    let name = names.name_of(&mut table);
    let driver = if table.has("driver_type") {
        table.choice("driver_type", &["remote", "local"])
    } else {
        table.required("driver_type").map(|_| "remote")
    };
    let base_path = table.text("base_path").unwrap_or_default();
    let max_file_size = table.number("max_file_size", 0).unwrap_or(0);
    let chunk_size = table.number("chunk_size", 0);
    let strategies = &["relay_stream", "presigned"];
    let (mut upload, mut download) = (None, None);
    if let Some(mut options) = table.table("options") {
        upload = options.choice("remote_upload_strategy", strategies).map(str::to_owned);
        download = options.choice("remote_download_strategy", strategies).map(str::to_owned);
        options.end();
    }
    let is_remote = driver? == "remote";
    let node = if is_remote { nodes.reference(&mut table, "node") } else { None };
    table.end();
    if is_remote && node.is_none() {
        return None;
    }
    Some(DeclaredPolicy {
        name: name?,
        node,
        base_path,
        max_file_size,
        chunk_size,
        upload_strategy: upload,
        download_strategy: download,
    })
}

fn group(
    mut table: Table<'_, '_>,
    policies: &Unique,
    names: &mut Unique,
    default: &mut Option<String>,
) -> Option<DeclaredGroup> {
    let name = names.name_of(&mut table);
    let is_default = only_default(&mut table, default);
    if !table.has("rules") {
        table.wrong("rules", "is missing; a group needs at least one rule: write [[groups.rules]]");
    }
    let rules = table.tables("rules", MAX_RULES).into_iter();
    let rules: Vec<_> = rules.filter_map(|table| rule(table, policies)).collect();
    table.end();
    Some(DeclaredGroup { name: name?, is_default, rules })
}

fn rule(mut table: Table<'_, '_>, policies: &Unique) -> Option<DeclaredRule> {
    let policy = policies.reference(&mut table, "policy");
    let priority = table.number("priority", 1);
    if !table.has("priority") {
        table.wrong("priority", "is missing; the rule with the smallest priority is asked first");
    }
    let min_file_size = table.number("min_file_size", 0).unwrap_or(0);
    let max_file_size = table.number("max_file_size", 0).unwrap_or(0);
    table.end();
    Some(DeclaredRule { policy: policy?, priority: priority?, min_file_size, max_file_size })
}
