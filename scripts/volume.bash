# What scripts/backup and scripts/restore both know: how a data directory is locked, how trees are copied, how a backup
# is checked. Sourced by them, with `name` set to the one that speaks.
#
# A backup is a directory:
#   ABOUT          one `key: value` a line; written last but one, so without it a backup is none
#   data/          the data directory, its database as one consistent file; for PostgreSQL, what pg_dump wrote
#   objects-1/ …   directories of objects outside the data directory, in the order they were named
#   TREE.sha256    checksums of the files of each tree; their own checksums are in ABOUT
# shellcheck shell=bash

readonly FORMAT=1
# In place of a database file, where the database is on a PostgreSQL server.
readonly DUMP=database.dump
# The exit codes of aster_drive itself (docs/configuration.md).
readonly FAILED=1 USAGE=2 BUSY=75 REFUSED=78
# Between two lines of progress.
readonly MIB_A_LINE=256 FILES_A_LINE=10000

say() { printf '%s: %s\n' "${name:?}" "$*" >&2; }
fail() { # fail EXIT_CODE TEXT
    say "$2"
    exit "$1"
}

require_programs() {
    local program
    for program in sqlite3 tar sha256sum flock find awk sync; do
        command -v "$program" >/dev/null || fail "$FAILED" "'$program' is missing; on Debian: apt-get install sqlite3 tar coreutils util-linux findutils mawk"
    done
}

# is_server DATABASE: whether it is the URL of a PostgreSQL server, not a file.
is_server() { [[ "$1" == postgres://* || "$1" == postgresql://* ]]; }

require_server_programs() {
    local program
    for program in psql pg_dump pg_restore; do
        command -v "$program" >/dev/null || fail "$FAILED" "'$program' is missing; on Debian: apt-get install postgresql-client, of the server's version or newer"
    done
}

# Takes the password out of the URL in `database`: what stands behind a program everybody on the machine can read.
hide_password() {
    local password
    [[ "$database" =~ ^(postgres(ql)?://[^:/@]*):([^@]*)@(.*)$ ]] || return 0
    password="${BASH_REMATCH[3]}"
    database="${BASH_REMATCH[1]}@${BASH_REMATCH[4]}"
    PGPASSWORD="$(printf '%b' "${password//%/\\x}")"
    export PGPASSWORD
}

# A question to the server in `database`; one row a line.
ask_server() { PGCONNECT_TIMEOUT=10 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --dbname="$database" --command="$1"; }

absolute() { realpath --canonicalize-missing -- "$1"; }

# is_inside PATH DIRECTORY
is_inside() { [[ "$1" == "$2" || "$1" == "${2%/}"/* ]]; }

# Whether a server has the data directory. It holds a POSIX record lock on `.lock`, which flock(1) does not see. SQLite
# takes locks of the same kind before it reads a byte, so it says "database is locked" (5) when the server is there and
# "not a database" (26) when it is not. It opens the file for reading only and changes nothing. Works across containers.
server_runs() {
    local status=0
    [[ -e "$1/.lock" ]] || return 1
    sqlite3 -readonly "$1/.lock" 'PRAGMA schema_version' >/dev/null 2>&1 || status=$?
    case "$status" in
    5) return 0 ;;
    0 | 26) return 1 ;;
    *) fail "$FAILED" "cannot look at the lock $1/.lock (sqlite3 says $status); run this as root or as the owner of $1" ;;
    esac
}

# Keeps a second backup or restore out of a directory until this process ends.
take_turn() {
    exec {turn}<"$1"
    flock --nonblock "$turn" || fail "$BUSY" "another backup or restore works on $1; wait for it"
}

# Copies what `tar … "${@:3}"` selects in directory $1 into directory $2: owners, modes, times, one file after the other.
# A file that is replaced or removed meanwhile is no error (tar's 1): objects appear whole, by rename, and are
# never changed in place, so what was opened is read to its end.
copy_tree() {
    local from="$1" to="$2" status
    local -a told=(--checkpoint="$MIB_A_LINE"
        "--checkpoint-action=exec=printf '$name: %s MiB copied\n' \"\$TAR_CHECKPOINT\" >&2")
    shift 2
    status=0
    {
        tar --create --directory="$from" --numeric-owner --blocking-factor=2048 "${told[@]}" --file=- "$@" || {
            status=$?
            ((status == 1))
        }
    } | tar --extract --directory="$to" --numeric-owner --preserve-permissions --blocking-factor=2048 --file=- || return 1
    # What is renamed into place afterwards must not be younger than the name.
    sync --file-system "$to"
}

# measure_tree DIRECTORY SELECTION…: prints "FILES BYTES" of what copy_tree would copy, reading no content.
measure_tree() {
    local from="$1"
    shift
    { tar --create --directory="$from" --file=/dev/null --verbose --totals --quoting-style=escape "$@" 2>&1 || true; } |
        awk '/^Total bytes written: / { bytes = $4; next } !/\/$/ { files++ } END { printf "%d %d\n", files, bytes }'
}

in_mib() { echo $((($1 + 1048575) / 1048576)); }

require_room() { # require_room DIRECTORY BYTES
    local free
    free="$(df --output=avail --block-size=1 -- "$1" | tail -n 1)"
    ((free > $2)) || fail "$FAILED" "$1 has $(in_mib "$free") MiB free, $(in_mib "$2") MiB are needed"
}

# Checksums of all files below directory $1, in a fixed order; names as sha256sum writes them.
checksums() (
    cd -- "$1"
    find . -type f -print0 | LC_ALL=C sort --zero-terminated | xargs --null --no-run-if-empty sha256sum --
)

counting() { # counting VERB: passes lines through and tells how many
    awk -v name="$name" -v verb="$1" -v step="$FILES_A_LINE" \
        '{ print } NR % step == 0 { print name ": " NR " files " verb > "/dev/stderr" }'
}

about() { sed -n "s/^$1: //p" "$backup/ABOUT"; }

# Reads ABOUT of $backup, and refuses what is no backup of ours.
require_backup() {
    local tree
    [[ -d "$backup" ]] || fail "$REFUSED" "$backup is no directory"
    [[ -f "$backup/ABOUT" ]] || fail "$REFUSED" "$backup has no file ABOUT: it is no backup, or one that was not finished"
    [[ "$(about format)" == "$FORMAT" ]] || fail "$REFUSED" "$backup/ABOUT is damaged, or of another version of these scripts (format $FORMAT is understood)"
    mapfile -t trees < <(about tree)
    ((${#trees[@]} > 0)) || fail "$REFUSED" "$backup/ABOUT is damaged: it names no tree"
    for tree in "${trees[@]}"; do
        check_manifest "$tree"
    done
}

check_manifest() {
    local tree="$1" expected found
    expected="$(about "$tree.sha256")"
    found="$(sha256sum <"$backup/$tree.sha256" 2>/dev/null | cut -d ' ' -f 1)" || found=missing
    [[ -n "$expected" && "$expected" == "$found" ]] || fail "$REFUSED" "the backup is damaged: $backup/$tree.sha256 or ABOUT differs from what was written"
}

# verify_tree TREE DIRECTORY: every file of the tree lies in the directory as it was, and no other. Names what differs.
verify_tree() {
    local tree="$1" directory="$2" damaged=0 file files expected
    say "comparing the checksums of $tree"
    while IFS= read -r file; do
        [[ "$file" == *': OK' ]] && continue
        damaged=$((damaged + 1))
        ((damaged > 20)) || say "damaged: $tree/${file#./}"
    done < <(cd -- "$directory" && { sha256sum --check --strict "$backup/$tree.sha256" 2>/dev/null || true; } | counting compared)
    files="$(find "$directory" -type f -printf x | wc -c)"
    expected="$(wc -l <"$backup/$tree.sha256")"
    if ((damaged > 0)); then
        fail "$REFUSED" "the backup is damaged: $damaged of $expected files of $tree are missing or differ; nothing was changed"
    fi
    ((files == expected)) || fail "$REFUSED" "the backup is damaged: $tree has $files files, $expected were written; nothing was changed"
    [[ "$tree" != data ]] || check_database "$directory/$(about database)"
}

# The whole database file, and its references.
check_database() {
    local told
    if [[ "$(basename "$1")" == "$DUMP" ]]; then
        require_server_programs
        told="$(pg_restore --list "$1" 2>&1 >/dev/null)" || fail "$REFUSED" "the copy of the database $1 is damaged: ${told:0:400}"
        return
    fi
    told="$(sqlite3 -readonly "$1" 'PRAGMA integrity_check; PRAGMA foreign_key_check' 2>&1)" || true
    [[ "$told" == ok ]] || fail "$REFUSED" "the database $1 is damaged: ${told:0:400}"
}
