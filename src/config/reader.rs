//! Declares a setting and reads it in one step, so that parsing, `config.toml`, `.env.example`, the documentation and
//! `config print` cannot disagree: all come from the calls made on a [`Reader`].
//!
//! A reader never stops at a mistake: it notes it, hands back the default as a stand-in and goes on. Whoever owns the
//! reader must look at [`Reader::problems`] before using a value.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use aws_lc_rs::rand;
use config::{Value, ValueKind};
use secrecy::SecretString;

use super::problem::{HIDDEN, Problem, shown};
use super::sources::CONFIG_FILE;

/// Prefix and level separator of the variables that override `config.toml`.
pub(super) const VARIABLE_PREFIX: &str = "ASTER__";

/// What is known of a setting before any value is.
#[derive(Debug, Clone)]
pub(super) struct Declaration {
    /// Dotted path in `config.toml`.
    pub(super) key: &'static str,
    /// `None` for a secret.
    pub(super) default: Option<toml::Value>,
    /// Whether the first start makes the value where none is given.
    pub(super) is_generated: bool,
    /// What a value must be, as the end of a sentence that starts with "allowed:".
    pub(super) allowed: String,
    /// What the setting does.
    pub(super) doc: &'static str,
}

impl Declaration {
    /// The variable that overrides the file.
    pub(super) fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.key.to_ascii_uppercase().replace('.', "__"))
    }

    /// The variable that names a file with the value; secrets only.
    pub(super) fn file_variable(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_FILE", self.variable()))
    }

    pub(super) fn is_secret(&self) -> bool {
        self.default.is_none()
    }

    /// The section of `config.toml` and the name in it.
    pub(super) fn section_and_name(&self) -> (&'static str, &'static str) {
        self.key.rsplit_once('.').unwrap_or(("", self.key))
    }
}

/// Where an effective value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The default; nobody set it.
    Default,
    /// `data/config.toml`.
    File,
    /// The variable of this name.
    Variable(String),
    /// A secret that does not exist yet; the first start makes it.
    FirstStart,
}

impl Origin {
    fn of(value: &Value) -> Self {
        match value.origin() {
            None | Some(CONFIG_FILE) => Self::File,
            Some(variable) => Self::Variable(variable.to_owned()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => CONFIG_FILE,
            Self::Variable(name) => name,
            Self::FirstStart => "first start",
        })
    }
}

/// One effective setting, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Dotted path in `config.toml`.
    pub key: &'static str,
    /// TOML literal, or a remark in parentheses in place of a secret.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// See the module.
pub(super) struct Reader<'a> {
    given: &'a config::Config,
    pub(super) sections: Vec<(&'static str, &'static str)>,
    pub(super) declarations: Vec<Declaration>,
    pub(super) settings: Vec<Setting>,
    pub(super) problems: Vec<Problem>,
    /// Secrets nobody gave, with the value made for each.
    pub(super) generated: Vec<(&'static str, SecretString)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(given: &'a config::Config) -> Self {
        Self {
            given,
            sections: Vec::new(),
            declarations: Vec::new(),
            settings: Vec::new(),
            problems: Vec::new(),
            generated: Vec::new(),
        }
    }

    /// Starts a section of `config.toml`; the settings declared next belong to it.
    pub(super) fn section(&mut self, name: &'static str, doc: &'static str) {
        self.sections.push((name, doc));
    }

    /// A whole number.
    pub(super) fn integer<T>(
        &mut self,
        key: &'static str,
        default: T,
        allowed: RangeInclusive<T>,
        doc: &'static str,
    ) -> T
    where
        T: TryFrom<i64> + TryInto<i64> + PartialOrd + fmt::Display + Copy,
    {
        let range = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        let literal = default.try_into().unwrap_or(i64::MAX);
        let declaration =
            Declaration { key, default: Some(literal.into()), is_generated: false, allowed: range, doc };
        self.read(declaration, default, |found| {
            let number = found.integer().ok_or("not a whole number")?;
            T::try_from(number).ok().filter(|n| allowed.contains(n)).ok_or_else(|| "out of range".to_owned())
        })
    }

    /// A time span in whole seconds.
    pub(super) fn seconds(
        &mut self,
        key: &'static str,
        default: u64,
        allowed: RangeInclusive<u64>,
        doc: &'static str,
    ) -> Duration {
        Duration::from_secs(self.integer(key, default, allowed, doc))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str, default: bool, doc: &'static str) -> bool {
        let declaration = Declaration {
            key,
            default: Some(default.into()),
            is_generated: false,
            allowed: "true or false".into(),
            doc,
        };
        self.read(declaration, default, |found| Ok(found.flag().ok_or("neither true nor false")?))
    }

    /// One of a few words; the first is the default.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        options: [(&'static str, T); 2],
        doc: &'static str,
    ) -> T {
        let [(default_word, default), (other_word, _)] = options;
        let declaration = Declaration {
            key,
            default: Some(default_word.into()),
            is_generated: false,
            allowed: format!("\"{default_word}\" or \"{other_word}\""),
            doc,
        };
        self.read(declaration, default, |found| {
            let text = found.text().ok_or("not a text")?;
            let chosen = options.iter().find(|(word, _)| *word == text);
            Ok(chosen.ok_or("not one of the choices")?.1)
        })
    }

    /// A text that `parse` turns into what the program needs. `parse` must accept the default.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        default: &'static str,
        allowed: &str,
        parse: impl Fn(&str) -> Result<T, String>,
        doc: &'static str,
    ) -> T {
        let stand_in = parse(default).expect("the default of a setting is itself allowed");
        let declaration = Declaration {
            key,
            default: Some(default.into()),
            is_generated: false,
            allowed: allowed.to_owned(),
            doc,
        };
        self.read(declaration, stand_in, |found| parse(found.text().ok_or("not a text")?))
    }

    /// A list of texts: one text with commas (the only form a variable can have), or a TOML array. Empty items are
    /// dropped; `check` sees each of the others. `default` is in the comma form.
    pub(super) fn list(
        &mut self,
        key: &'static str,
        default: &'static str,
        allowed: &str,
        check: impl Fn(&str) -> Result<(), String>,
        doc: &'static str,
    ) -> Vec<String> {
        let declaration = Declaration {
            key,
            default: Some(default.into()),
            is_generated: false,
            allowed: allowed.to_owned(),
            doc,
        };
        self.read(declaration, items(default).collect(), |found| {
            let list = found.list().ok_or("not a list of texts")?;
            list.iter().try_for_each(|item| check(item))?;
            Ok(list)
        })
    }

    /// A secret, made at first start when nobody gives it. `parse` must accept 64 lower-case hex digits; it cannot give a
    /// reason, because a reason could repeat the secret.
    pub(super) fn secret<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        parse: impl Fn(&str) -> Option<T>,
        doc: &'static str,
    ) -> T {
        let fresh = fresh_secret();
        let stand_in = parse(&fresh).expect("a fresh secret is itself allowed");
        let is_given = find(self.given, key).is_some();
        let parsed = self.given_secret(key, allowed, true, parse, doc);
        if !is_given {
            let value = "(generated at first start)".to_owned();
            self.settings.push(Setting { key, value, origin: Origin::FirstStart });
            self.generated.push((key, fresh.into()));
        }
        parsed.unwrap_or(stand_in)
    }

    /// A secret that need not be given and is never made; an empty text is none. Like [`Self::secret`] otherwise.
    pub(super) fn optional_secret<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        parse: impl Fn(&str) -> Option<T>,
        doc: &'static str,
    ) -> Option<T> {
        if find(self.given, key).is_none() {
            self.settings.push(Setting { key, value: "(none)".to_owned(), origin: Origin::Default });
        }
        let parse = |text: &str| if text.is_empty() { Some(None) } else { parse(text).map(Some) };
        self.given_secret(key, allowed, false, parse, doc).flatten()
    }

    fn given_secret<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        is_generated: bool,
        parse: impl Fn(&str) -> Option<T>,
        doc: &'static str,
    ) -> Option<T> {
        self.declarations.push(Declaration {
            key,
            default: None,
            is_generated,
            allowed: allowed.to_owned(),
            doc,
        });
        let value = find(self.given, key)?;
        let origin = Origin::of(value);
        let Some(parsed) = Found::new(value).text().and_then(&parse) else {
            let problem = Problem::new(key, format!("of the wrong form; allowed: {allowed}"));
            self.problems.push(problem.value(HIDDEN).from(origin.to_string()));
            return None;
        };
        self.settings.push(Setting { key, value: HIDDEN.to_owned(), origin });
        Some(parsed)
    }

    fn read<T>(
        &mut self,
        declaration: Declaration,
        default: T,
        parse: impl FnOnce(Found<'_>) -> Result<T, String>,
    ) -> T {
        let key = declaration.key;
        let value = match (find(self.given, key), &declaration.default) {
            (None, literal) => {
                let value = literal.as_ref().map(shown).unwrap_or_default();
                self.settings.push(Setting { key, value, origin: Origin::Default });
                default
            }
            (Some(value), like) => {
                let found = Found::new(value);
                let (origin, literal) = (Origin::of(value), shown(&found.literal(like.as_ref())));
                match parse(found) {
                    Ok(parsed) => {
                        self.settings.push(Setting { key, value: literal, origin });
                        parsed
                    }
                    Err(reason) => {
                        let problem =
                            Problem::new(key, format!("{reason}; allowed: {}", declaration.allowed));
                        self.problems.push(problem.value(literal).from(origin.to_string()));
                        default
                    }
                }
            }
        };
        self.declarations.push(declaration);
        value
    }
}

/// A value as its source gave it. A file must use the right TOML type; a variable is always text, and read as what the
/// setting asks for.
struct Found<'a> {
    kind: &'a ValueKind,
    is_variable: bool,
}

impl<'a> Found<'a> {
    fn new(value: &'a Value) -> Self {
        Self { kind: &value.kind, is_variable: matches!(Origin::of(value), Origin::Variable(_)) }
    }

    fn text(&self) -> Option<&'a str> {
        match self.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self.kind {
            ValueKind::I64(number) => Some(*number),
            ValueKind::String(text) if self.is_variable => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn flag(&self) -> Option<bool> {
        match self.kind {
            ValueKind::Boolean(flag) => Some(*flag),
            ValueKind::String(text) if self.is_variable => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// The value to be shown; what a variable gives looks like what a file would say in its place.
    fn literal(&self, like: Option<&toml::Value>) -> toml::Value {
        let typed = match like {
            Some(toml::Value::Integer(_)) => self.integer().map(toml::Value::from),
            Some(toml::Value::Boolean(_)) => self.flag().map(toml::Value::from),
            _ => None,
        };
        typed.unwrap_or_else(|| literal(self.kind))
    }

    fn list(&self) -> Option<Vec<String>> {
        match self.kind {
            ValueKind::String(text) => Some(items(text).collect()),
            ValueKind::Array(array) => {
                let texts: Option<Vec<_>> = array.iter().map(|value| Found::new(value).text()).collect();
                Some(texts?.into_iter().flat_map(items).collect())
            }
            _ => None,
        }
    }
}

fn items(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned)
}

/// 32 random bytes as 64 lower-case hex digits.
fn fresh_secret() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system's random source works");
    hex::encode(bytes)
}

fn find<'v>(given: &'v config::Config, key: &str) -> Option<&'v Value> {
    key.split('.').try_fold(&given.cache, |value, name| match &value.kind {
        ValueKind::Table(table) => table.get(name),
        _ => None,
    })
}

fn literal(kind: &ValueKind) -> toml::Value {
    match kind {
        ValueKind::Boolean(flag) => (*flag).into(),
        ValueKind::I64(number) => (*number).into(),
        ValueKind::Float(number) => (*number).into(),
        ValueKind::Array(values) => {
            values.iter().map(|value| literal(&value.kind)).collect::<Vec<_>>().into()
        }
        ValueKind::Table(table) => {
            toml::Value::Table(table.iter().map(|(key, value)| (key.clone(), literal(&value.kind))).collect())
        }
        other => other.to_string().into(),
    }
}
