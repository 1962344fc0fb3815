//! Reads the tables of a bootstrap file key by key. Every mistake is kept with its line and its path in the file, and
//! what nobody asked for is a mistake too.

use std::cell::RefCell;
use std::path::Path;

use secrecy::SecretString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::problem::{Problem, nearest, shown};
use crate::config::secret_file;

/// The mistakes of one file.
pub(super) struct Mistakes<'t> {
    /// The file as messages name it.
    file: &'t str,
    text: &'t str,
    /// With the place in the text, to report them from top to bottom.
    found: RefCell<Vec<(usize, Problem)>>,
}

impl<'t> Mistakes<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, found: RefCell::default() }
    }

    /// Notes that what stands at `offset` under `path` is wrong.
    pub(super) fn add(&self, offset: usize, path: &str, advice: impl Into<String>) {
        self.push(offset, Problem::new(path, advice));
    }

    fn with_value(&self, offset: usize, path: &str, value: &str, advice: impl Into<String>) {
        let value = shown(&toml::Value::String(value.to_owned()));
        self.push(offset, Problem::new(path, advice).value(value));
    }

    fn push(&self, offset: usize, problem: Problem) {
        let line = 1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        self.found.borrow_mut().push((offset, problem.from(format!("{}, line {line}", self.file))));
    }

    /// All of them, from the top of the file to its end.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(offset, _)| *offset);
        found.into_iter().map(|(_, problem)| problem).collect()
    }
}

/// A table that is being read.
pub(super) struct Table<'a, 't> {
    mistakes: &'a Mistakes<'t>,
    entries: &'a DeTable<'a>,
    /// Dotted, with an index for lists; empty for the whole file.
    path: String,
    /// Where it begins in the text.
    offset: usize,
    known: Vec<&'static str>,
}

impl<'a, 't> Table<'a, 't> {
    pub(super) fn root(entries: &'a DeTable<'a>, mistakes: &'a Mistakes<'t>) -> Self {
        Self { mistakes, entries, path: String::new(), offset: 0, known: Vec::new() }
    }

    /// Path of `key` in this table.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether `key` is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.get(key).is_some()
    }

    /// Notes that the value of `key`, or its absence, is wrong.
    pub(super) fn wrong(&self, key: &str, advice: impl Into<String>) {
        let offset = self.entries.get(key).map_or(self.offset, |value| value.span().start);
        self.mistakes.add(offset, &self.path_of(key), advice);
    }

    /// The same, and repeats the value.
    pub(super) fn wrong_value(&self, key: &str, value: &str, advice: impl Into<String>) {
        let offset = self.entries.get(key).map_or(self.offset, |value| value.span().start);
        self.mistakes.with_value(offset, &self.path_of(key), value, advice);
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.entries.get(key)
    }

    /// A text that may be absent, without the white space around it.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str().map(|text| text.trim().to_owned());
        if text.is_none() {
            self.wrong(key, format!("must be a text in quotes, not {}", article(value.get_ref())));
        }
        text
    }

    /// A text that must be there and not be blank.
    pub(super) fn required(&mut self, key: &'static str) -> Option<String> {
        if !self.has(key) {
            self.known.push(key);
            self.wrong(key, "is missing");
            return None;
        }
        let text = self.text(key)?;
        if text.is_empty() {
            self.wrong(key, "must not be blank");
            return None;
        }
        Some(text)
    }

    /// One of `choices`; the first when it is absent.
    pub(super) fn choice(&mut self, key: &'static str, choices: &[&'static str]) -> Option<&'static str> {
        let Some(text) = self.text(key) else { return choices.first().copied() };
        let found = choices.iter().copied().find(|choice| *choice == text);
        if found.is_none() {
            self.wrong_value(key, &text, format!("must be one of: {}", choices.join(", ")));
        }
        found
    }

    /// A whole number from `least` on.
    pub(super) fn number(&mut self, key: &'static str, least: i64) -> Option<i64> {
        let value = self.value(key)?;
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let number = number.filter(|number| *number >= least);
        if number.is_none() {
            self.wrong(key, format!("must be a whole number, {least} or more"));
        }
        number
    }

    /// `true` or `false`; absent is `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, "must be true or false, without quotes");
        }
        flag.unwrap_or(false)
    }

    /// A table within this one.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Table<'a, 't>> {
        let value = self.value(key)?;
        let Some(entries) = value.get_ref().as_table() else {
            self.wrong(key, "must be a table");
            return None;
        };
        Some(self.inner(entries, self.path_of(key), value.span().start))
    }

    /// The tables written as `[[key]]`, at most `most`.
    pub(super) fn tables(&mut self, key: &'static str, most: usize) -> Vec<Table<'a, 't>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let path = self.path_of(key);
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, format!("must be a list: write [[{path}]] with two brackets"));
            return Vec::new();
        };
        if list.len() > most {
            self.wrong(key, format!("has {} entries; at most {most} are allowed", list.len()));
        }
        let mut tables = Vec::new();
        for (index, entry) in list.iter().take(most).enumerate() {
            let path = format!("{path}[{index}]");
            match entry.get_ref().as_table() {
                Some(entries) => tables.push(self.inner(entries, path, entry.span().start)),
                None => self.mistakes.add(entry.span().start, &path, "must be a table"),
            }
        }
        tables
    }

    fn inner(&self, entries: &'a DeTable<'a>, path: String, offset: usize) -> Table<'a, 't> {
        Table { mistakes: self.mistakes, entries, path, offset, known: Vec::new() }
    }

    /// A secret from `key`, or from the file that `file_key` names; exactly one of the two.
    pub(super) fn secret(
        &mut self,
        key: &'static str,
        file_key: &'static str,
        working_dir: &Path,
    ) -> Option<SecretString> {
        let both = self.has(key) && self.has(file_key);
        let (text, file) = (self.text(key), self.text(file_key));
        if both {
            self.wrong(file_key, format!("{key} is given as well; keep one of the two"));
            return None;
        }
        if let Some(file) = file {
            let read = secret_file::read(working_dir, &file);
            return read
                .map(SecretString::from)
                .map_err(|reason| self.wrong_value(file_key, &file, reason))
                .ok();
        }
        match text {
            Some(text) if text.is_empty() => self.wrong(key, "must not be blank"),
            Some(text) => return Some(text.into()),
            // A value of another type was reported already.
            None if self.has(key) || self.has(file_key) => {}
            None => self.wrong(key, format!("is missing; give it, or {file_key} with the path of a file")),
        }
        None
    }

    /// To be called when everything known was asked for: reports the keys that are left.
    pub(super) fn end(self) {
        for (key, _) in self.entries.iter() {
            let name: &str = key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let advice = match nearest(name, self.known.iter().copied()) {
                Some(near) => format!("no such key; did you mean {near}?"),
                None => format!("no such key; there are: {}", self.known.join(", ")),
            };
            let name: String = name.chars().take(80).collect();
            self.mistakes.add(key.span().start, &self.path_of(&name), advice);
        }
    }
}

fn article(value: &DeValue<'_>) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}
