//! Whether this process may use the data directory at all: the commonest mistake with volumes is another owner.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};

/// Why this process cannot use `directory` or what it keeps there, which user is expected, and the command that mends
/// it. `None` when permissions are no hindrance; other trouble shows when the directory is used.
pub fn permission_problem(directory: &Path) -> Option<String> {
    let all = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    let Ok(found) = std::fs::metadata(directory) else {
        let parent = directory.parent()?;
        let found = std::fs::metadata(parent).ok()?;
        return is_denied(parent, all).then(|| refusal(parent, &found, parent));
    };
    if !found.is_dir() {
        return None;
    }
    if is_denied(directory, all) {
        return Some(refusal(directory, &found, directory));
    }
    // A volume that was given away by halves: the directory is ours, what lies in it is not.
    let entries = std::fs::read_dir(directory).ok()?.flatten();
    let ours = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let foreign = ours.map(|entry| entry.path()).find(|path| is_denied(path, Access::READ_OK))?;
    Some(refusal(&foreign, &std::fs::metadata(&foreign).ok()?, directory))
}

fn is_denied(path: &Path, wanted: Access) -> bool {
    matches!(access(path, wanted), Err(Errno::ACCESS | Errno::PERM))
}

fn refusal(path: &Path, found: &Metadata, mend: &Path) -> String {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    if found.uid() == uid {
        return format!(
            "{} belongs to user {uid}, as which this process runs, but its mode {:03o} closes it to its owner. Mend \
             it: chmod -R u+rwX {}",
            path.display(),
            found.mode() & 0o777,
            mend.display()
        );
    }
    format!(
        "{} belongs to user {}:{} (mode {:03o}), and this process runs as {uid}:{gid} and may not use it. Give it to \
         this process, as root on the machine that has the volume: chown -R {uid}:{gid} {}",
        path.display(),
        found.uid(),
        found.gid(),
        found.mode() & 0o777,
        mend.display()
    )
}
