//! A secret given as a file (`…_FILE`), as container platforms hand secrets out.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Far more than any secret; a larger file is a wrong path.
const MAX_BYTES: u64 = 64 * 1024;

/// The text of `file` without the white space around it (most editors end a file with a newline). A relative path
/// counts from the working directory. The error says what to do and repeats nothing of the content.
pub(super) fn read(working_dir: &Path, file: &str) -> Result<String, String> {
    not_empty(text(working_dir, file)?.trim())
}

/// The same, but only a line break at the end is no part of the secret: a password may have white space around it.
pub(super) fn read_line(working_dir: &Path, file: &str) -> Result<String, String> {
    let text = text(working_dir, file)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    not_empty(line.strip_suffix('\r').unwrap_or(line))
}

fn text(working_dir: &Path, file: &str) -> Result<String, String> {
    if file.trim().is_empty() {
        return Err("the path is empty; give the path of a file that holds the secret".to_owned());
    }
    let mut text = String::new();
    File::open(working_dir.join(file))
        .and_then(|opened| opened.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(|error| format!("the file cannot be read: {error}"))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("the file is larger than {MAX_BYTES} bytes; it should hold one secret"));
    }
    Ok(text)
}

fn not_empty(secret: &str) -> Result<String, String> {
    match secret {
        "" => Err("the file is empty; it should hold one secret".to_owned()),
        secret => Ok(secret.to_owned()),
    }
}
