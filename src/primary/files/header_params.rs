//! Parameters of header values (RFC 9110 §5.6.6): `form-data; name="a"; filename*=UTF-8''b`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What RFC 5987 leaves unencoded (`attr-char`) besides letters and digits.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A header value: the word before the first `;` and the parameters, names in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) word: String,
    parameters: Vec<(String, String)>,
}

impl Parameters {
    /// Reads `value`; `None` when it does not have the form.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (word, mut rest) = value.split_once(';').map_or((value, None), |(word, rest)| (word, Some(rest)));
        let mut parameters = Vec::new();
        while let Some(text) = rest {
            let text = text.trim_start();
            if text.is_empty() {
                break;
            }
            let (name, value) = text.split_once('=')?;
            let (value, after) = match value.trim_start().strip_prefix('"') {
                Some(quoted) => unquote(quoted)?,
                None => match value.split_once(';') {
                    Some((token, _)) => (token.trim().to_owned(), &value[token.len()..]),
                    None => (value.trim().to_owned(), ""),
                },
            };
            parameters.push((name.trim().to_ascii_lowercase(), value));
            let after = after.trim_start();
            rest = match after.strip_prefix(';') {
                Some(next) => Some(next),
                None if after.is_empty() => None,
                None => return None,
            };
        }
        Some(Self { word: word.trim().to_ascii_lowercase(), parameters })
    }

    /// The first parameter of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The file name: `filename*` where it is readable, else `filename`.
    pub(super) fn filename(&self) -> Option<String> {
        let extended = self.get("filename*").and_then(|value| {
            let (charset, rest) = value.split_once('\'')?;
            let (_language, encoded) = rest.split_once('\'')?;
            let text = percent_decode_str(encoded).decode_utf8().ok()?;
            charset.eq_ignore_ascii_case("utf-8").then(|| text.into_owned())
        });
        extended.or_else(|| self.get("filename").map(str::to_owned))
    }
}

/// The text up to the closing quote, and what follows it. A backslash escapes a quote or itself; before anything
/// else it is a backslash, as old browsers send paths.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((text, &quoted[at + 1..])),
            '\\' if quoted[at + 1..].starts_with(['"', '\\']) => {
                text.extend(chars.next().map(|(_, escaped)| escaped));
            }
            _ => text.push(c),
        }
    }
    None
}

/// A `Content-Disposition` of the kind `attachment` or `inline` that offers the content under `name`, for old and for
/// new clients (RFC 6266 §4.3).
pub(in crate::primary) fn disposition(kind: &str, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c == ' ' || c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTR_CHAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filename(value: &str) -> Option<String> {
        Parameters::parse(value).expect(value).filename()
    }

    #[test]
    fn names_come_quoted_plain_escaped_or_extended() {
        for (value, name) in [
            ("form-data; name=\"f\"; filename=\"a;b.txt\"", "a;b.txt"),
            ("form-data; filename=plain.txt; name=f", "plain.txt"),
            ("form-data;filename=\"a\\\"b\\\\c\\d\" ; name=\"f\"", "a\"b\\c\\d"),
            ("form-data; filename=\"文件.txt\"", "文件.txt"),
            ("form-data; filename=\"x\"; filename*=UTF-8''%e2%82%ac%20rates", "€ rates"),
            ("form-data; FileName*=utf-8'en'b.txt", "b.txt"),
            ("form-data; filename=\"x\"; filename*=UTF-8''%ff", "x"),
            ("form-data; filename=\"x\"; filename*=KOI8-R''y", "x"),
        ] {
            assert_eq!(filename(value).as_deref(), Some(name), "{value}");
        }
        assert_eq!(filename("form-data; name=\"f\""), None);
        assert_eq!(Parameters::parse("text/plain").expect("word").word, "text/plain");
    }

    #[test]
    fn anything_else_has_not_the_form() {
        for value in ["form-data; name", "form-data; name=\"open", "form-data; name=\"a\" b=c"] {
            assert_eq!(Parameters::parse(value), None, "{value}");
        }
    }

    #[test]
    fn what_is_offered_can_be_read_back() {
        for name in ["a.txt", "文件 (1).txt", "100%.txt", "it's;ok", "a'b"] {
            let value = disposition("attachment", name);
            assert!(value.is_ascii(), "{value}");
            assert_eq!(filename(&value).as_deref(), Some(name), "{value}");
        }
        assert!(disposition("attachment", "ü\"\\%.txt").starts_with("attachment; filename=\"____.txt\"; "));
    }
}
