//! Brings `config.toml` and the environment together and finds what belongs to no setting.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use config::{ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::environment::Environment;
use super::problem::{Problem, nearest};
use super::reader::{Declaration, VARIABLE_PREFIX};
use super::secret_file;

/// The configuration file as messages name it; it is relative to the working directory.
pub(super) const CONFIG_FILE: &str = "data/config.toml";

/// Settings that once had another name: the old one, and where the value belongs now.
const RENAMED: [(&str, &str); 1] =
    [("server.managed_ingress_local_root", "server.follower.managed_ingress_local_root")];

/// The values given for known settings, environment over file. Everything else in either is reported.
pub(super) fn merge(
    declared: &[Declaration],
    file_text: &str,
    environment: &Environment,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> config::Config {
    let file = file_layer(declared, file_text, problems);
    let variables = environment_layer(declared, environment, working_dir, problems);
    // Both layers hold nothing but declared keys, so a value cannot stand where the other has a section.
    config::Config::builder()
        .add_source(file)
        .add_source(variables)
        .build()
        .expect("a layer collects without reading anything")
}

/// Reads TOML; the error never repeats the text, which may hold secrets.
pub(super) fn parse_toml(text: &str) -> Result<Map<String, Value>, Problem> {
    File::from_str(text, FileFormat::Toml).collect().map_err(|error| {
        let (place, reason) = match &error {
            ConfigError::FileParse { cause, .. } => match cause.downcast_ref::<toml::de::Error>() {
                Some(toml) => (toml.span().map(|span| line_of(text, span.start)), toml.message().to_owned()),
                None => (None, cause.to_string()),
            },
            _ => (None, "it cannot be read".to_owned()),
        };
        let place = place.map(|line| format!("line {line}: ")).unwrap_or_default();
        Problem::new(CONFIG_FILE, format!("not valid TOML: {place}{reason}"))
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Values of declared settings, by dotted key.
#[derive(Clone, Default)]
struct Layer(Map<String, Value>);

impl Layer {
    fn insert(&mut self, key: &str, origin: &str, kind: ValueKind) {
        self.0.insert(key.to_owned(), Value::new(Some(&origin.to_owned()), kind));
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

impl fmt::Debug for Layer {
    /// Names only: the values include secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn file_layer(declared: &[Declaration], text: &str, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::default();
    match parse_toml(text) {
        Ok(root) => sort_table(declared, "", root, &mut layer, problems),
        Err(problem) => problems.push(problem),
    }
    layer
}

fn sort_table(
    declared: &[Declaration],
    section: &str,
    table: Map<String, Value>,
    layer: &mut Layer,
    problems: &mut Vec<Problem>,
) {
    // The map has no order of its own; messages should not change from run to run.
    for (name, value) in table.into_iter().collect::<BTreeMap<_, _>>() {
        let key = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        // `"server.port"` in quotes is one name with a dot in it, not a name in a section.
        if !name.contains('.') && declared.iter().any(|setting| setting.key == key) {
            layer.insert(&key, CONFIG_FILE, value.kind);
            continue;
        }
        let is_section = is_section(declared, &key);
        match value.kind {
            ValueKind::Table(table) if is_section => sort_table(declared, &key, table, layer, problems),
            _ if is_section => problems.push(
                Problem::new(key.clone(), format!("not a setting but a section: write [{key}]"))
                    .from(CONFIG_FILE),
            ),
            _ => {
                let advice = advice_for_unknown(declared, &key, str::to_owned);
                problems.push(Problem::new(key, advice).from(CONFIG_FILE));
            }
        }
    }
}

fn is_section(declared: &[Declaration], key: &str) -> bool {
    declared.iter().any(|setting| setting.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// What to do about `key`, which is no setting. `spell` writes a key the way its source does.
fn advice_for_unknown(declared: &[Declaration], key: &str, spell: impl Fn(&str) -> String) -> String {
    if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == key) {
        return format!("this setting has moved: use {}", spell(new));
    }
    match nearest(key, declared.iter().map(|setting| setting.key)) {
        Some(near) => format!("no such setting; did you mean {}?", spell(near)),
        None => "no such setting; docs/configuration.md lists all of them".to_owned(),
    }
}

fn environment_layer(
    declared: &[Declaration],
    environment: &Environment,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> Layer {
    let mut layer = Layer::default();
    let mut given_by: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, value) in environment.starting_with(VARIABLE_PREFIX) {
        let upper = name.to_ascii_uppercase();
        let setting = declared
            .iter()
            .find(|setting| setting.variable() == upper || setting.file_variable().as_ref() == Some(&upper));
        let Some(setting) = setting else {
            let key = upper[VARIABLE_PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
            let spell =
                |key: &str| format!("{VARIABLE_PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"));
            problems.push(Problem::new(name, advice_for_unknown(declared, &key, spell)));
            continue;
        };
        if let Some(other) = given_by.insert(setting.key, name) {
            problems.push(Problem::new(name, format!("{other} gives the same setting; keep one of the two")));
            continue;
        }
        let Some(value) = value else {
            problems.push(Problem::new(name, format!("not valid UTF-8; allowed: {}", setting.allowed)));
            continue;
        };
        if setting.variable() == upper {
            layer.insert(setting.key, name, ValueKind::String(value.to_owned()));
            continue;
        }
        match secret_file::read(working_dir, value) {
            Ok(secret) => layer.insert(setting.key, name, ValueKind::String(secret)),
            Err(reason) => problems.push(Problem::new(name, reason).value(format!("{value:?}"))),
        }
    }
    layer
}
