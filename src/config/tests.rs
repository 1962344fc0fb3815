//! The rules of `load` and `inspect`, on real directories.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECRETS: [(&str, &str); 2] =
    [("ASTER__AUTH__JWT_SECRET", KEY), ("ASTER__AUTH__STORAGE_CREDENTIAL_SECRET_KEY", KEY)];

struct Place(TempDir);

impl Place {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with_file(text: &str) -> Self {
        let place = Self::empty();
        fs::create_dir(place.path().join("data")).unwrap();
        place.put("data/config.toml", text);
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, text: &str) {
        File::create(self.path().join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn file(&self) -> String {
        fs::read_to_string(self.path().join(CONFIG_FILE)).unwrap()
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, Problems> {
        load(&variables.iter().copied().collect(), self.path(), &FirstFile::Primary)
    }

    fn inspect(&self, variables: &[(&str, &str)]) -> Result<Inspection, Problems> {
        inspect(&variables.iter().copied().collect(), self.path())
    }

    /// The messages for a refused configuration.
    fn refusals(&self, variables: &[(&str, &str)]) -> Vec<String> {
        self.inspect(variables).unwrap_err().list().iter().map(ToString::to_string).collect()
    }
}

fn one_refusal(file: &str, variables: &[(&str, &str)]) -> String {
    let refusals = Place::with_file(file).refusals(variables);
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
    refusals.into_iter().next().unwrap()
}

#[test]
fn a_first_start_makes_a_private_file_with_fresh_secrets_that_later_starts_use() {
    let place = Place::empty();
    let first = place.load(&[]).unwrap();
    let file = place.path().join(CONFIG_FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(first.notes.as_slice(), [Note::Info(_)]), "{:?}", first.notes);
    let text = place.file();

    let second = place.load(&[]).unwrap();
    assert_eq!(place.file(), text, "a later start writes nothing");
    assert_eq!(second.notes, []);
    let secret = first.config.auth.jwt_secret.expose_secret();
    assert_eq!(secret.len(), 64);
    assert_eq!(second.config.auth.jwt_secret.expose_secret(), secret);
    let sealed = first.config.auth.sealing_key.seal("x", &"plain".into());
    assert_eq!(second.config.auth.sealing_key.open("x", &sealed).unwrap().expose_secret(), "plain");
    assert_ne!(Place::empty().load(&[]).unwrap().config.auth.jwt_secret.expose_secret(), secret);
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let place = Place::empty();
    let Config { server, database, auth, logging, trusted_proxies, webdav, working_dir, data_dir } =
        place.load(&[]).unwrap().config;
    assert_eq!(working_dir, place.path());
    let here = place.path();
    assert_eq!((server.host.as_str(), server.port, server.workers), ("127.0.0.1", 3000, 0));
    assert_eq!(server.start_mode, StartMode::Primary);
    assert_eq!(server.shutdown_grace, Duration::from_secs(8));
    assert_eq!(server.follower.managed_ingress_local_root, here.join("data/managed-ingress"));
    assert_eq!(server.follower.durability, Durability::Full);
    assert_eq!(server.follower.replay_memory_bytes, 33_554_432);
    assert_eq!(server.follower.enrollment_deadline, Duration::from_secs(600));
    assert_eq!(database.url, format!("sqlite://{}/data/asterdrive.db?mode=rwc", here.display()));
    assert_eq!(database.pool_size, 10);
    assert_eq!((auth.bootstrap_insecure_cookies, auth.password_hash_max_concurrency), (false, 2));
    assert_eq!((logging.level.as_str(), logging.format), ("info", LogFormat::Text));
    assert_eq!(trusted_proxies, TrustedProxies::default());
    assert_eq!(webdav.prefix, "/webdav");
    assert_eq!(data_dir, here.join("data"));
}

#[test]
fn every_default_in_a_new_file_can_be_uncommented() {
    let place = Place::empty();
    place.load(&[]).unwrap();
    let is_setting = |line: &&str| line.starts_with("# ") && line.contains(" = ") && !line.contains('`');
    let text = place.file();
    assert_eq!(text.lines().filter(is_setting).count(), 21);
    let uncommented: String = text
        .lines()
        .map(|line| if is_setting(&line) { &line[2..] } else { line })
        .flat_map(|line| [line, "\n"])
        .collect();
    let inspection = Place::with_file(&uncommented).inspect(&[]).unwrap();
    assert!(inspection.settings.iter().all(|setting| setting.origin == Origin::File));
}

#[test]
fn bootstrap_variables_make_the_first_file_that_of_a_follower() {
    let place = Place::empty();
    let variables = [
        ("ASTER_BOOTSTRAP_REMOTE_MASTER_URL", "https://drive.example"),
        ("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN", "enr_1"),
    ];
    let loaded = place.load(&variables).unwrap();
    assert!(loaded.bootstrap.remote.is_some());
    assert!(!place.file().contains("enr_1") && !place.file().contains("drive.example"));
    for later in [loaded, place.load(&[]).unwrap()] {
        assert_eq!(later.config.server.start_mode, StartMode::Follower);
        assert_eq!(later.config.server.host, "0.0.0.0");
    }
}

#[test]
fn bootstrap_variables_for_a_primary_are_a_mistake_that_writes_nothing() {
    let variables = [
        ("ASTER_BOOTSTRAP_REMOTE_MASTER_URL", "https://drive.example"),
        ("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN", "enr_1"),
        ("ASTER__SERVER__START_MODE", "primary"),
    ];
    let fresh = Place::empty();
    let problems = fresh.load(&variables).unwrap_err().to_string();
    assert!(problems.contains("server.start_mode"), "{problems}");
    assert_eq!(fs::read_dir(fresh.path()).unwrap().count(), 0);

    let place = Place::empty();
    place.load(&[]).unwrap();
    let before = place.file();
    assert!(place.load(&variables[..2]).is_err());
    assert_eq!(place.file(), before);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let place = Place::with_file("[server]\nport = 4000\nworkers = 3\n");
    let inspection = place.inspect(&[("aster__Server__PORT", " 5000 ")]).unwrap();
    assert_eq!((inspection.config.server.port, inspection.config.server.workers), (5000, 3));
    let origin = |key| &inspection.settings.iter().find(|setting| setting.key == key).unwrap().origin;
    assert_eq!(*origin("server.port"), Origin::Variable("aster__Server__PORT".into()));
    assert_eq!(*origin("server.workers"), Origin::File);
    assert_eq!(*origin("server.host"), Origin::Default);
}

#[test]
fn a_list_is_a_text_with_commas_or_an_array() {
    let level = |file: &str, variables: &[(&str, &str)]| {
        let place = Place::with_file(file);
        place.load(&[&SECRETS, variables].concat()).map(|loaded| loaded.config.logging.level)
    };
    assert_eq!(level("", &[("ASTER__LOGGING__LEVEL", "warn, sqlx=info,")]).unwrap(), "warn,sqlx=info");
    assert_eq!(level("[logging]\nlevel = 'warn,sqlx=info'", &[]).unwrap(), "warn,sqlx=info");
    assert_eq!(level("[logging]\nlevel = ['warn', 'sqlx=info']", &[]).unwrap(), "warn,sqlx=info");
    assert!(level("[logging]\nlevel = ['warn', 1]", &[]).is_err());
}

#[test]
fn all_mistakes_are_reported_together_with_key_source_value_and_what_is_allowed() {
    let place = Place::with_file(
        "colour = 'red'\n[server]\nport = 'many'\nprot = 1\n[database]\npool_size = 65\n[auth]\njwt_secret = 'hunter2'\n",
    );
    let refusals = place.refusals(&[
        ("ASTER__SERVER__START_MODE", "slave"),
        ("ASTER__SERVER__PROT", "3"),
        ("ASTER__DATABASE__URL", "mysql://anna:hunter2@db/drive"),
        ("ASTER_BOOTSTRAP_REMOTE_MASTER_URL", "https://drive.example"),
    ]);
    let all = refusals.join("\n");
    for (number, part) in [
        "ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN (or ",
        "colour   (from data/config.toml)\n      no such setting; docs",
        "server.prot   (from data/config.toml)\n      no such setting; did you mean server.port?",
        "ASTER__SERVER__PROT\n      no such setting; did you mean ASTER__SERVER__PORT?",
        "server.port = \"many\"   (from data/config.toml)\n      not a whole number; allowed: a whole number from 0 to 65535",
        "server.start_mode = \"slave\"   (from ASTER__SERVER__START_MODE)\n      not one of the choices; allowed: \"primary\"",
        "database.url = \"mysql://…@db/drive\"   (from ASTER__DATABASE__URL)\n      mysql:// is not supported;",
        "database.pool_size = 65   (from data/config.toml)\n      out of range; allowed: a whole number from 1 to 64",
        "auth.jwt_secret = (hidden)   (from data/config.toml)\n      of the wrong form; allowed: at least 32 characters",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(refusals[number].contains(part), "{number}: {part}\n---\n{all}");
    }
    assert_eq!(refusals.len(), 9, "{all}");
    assert!(!all.contains("hunter2"));
}

#[test]
fn a_primary_takes_a_postgres_url_with_its_password_from_elsewhere_and_shows_neither() {
    let place = Place::empty();
    place.put("password", "s3c@ret\n");
    let url = ("ASTER__DATABASE__URL", "postgres://anna@db/drive");
    let given = [url, ("ASTER__DATABASE__PASSWORD_FILE", "password")];
    let config = place.load(&given).unwrap().config;
    assert_eq!(config.database.url, "postgres://anna:s3c%40ret@db/drive");
    let shown = place.inspect(&given).unwrap().settings;
    assert!(!format!("{config:?} {shown:?}").contains("s3c"), "{config:?}");
    assert_eq!(place.load(&[url, ("ASTER__DATABASE__PASSWORD", "")]).unwrap().config.database.url, url.1);
    let twice =
        [("ASTER__DATABASE__URL", "postgres://anna:x@db/drive"), ("ASTER__DATABASE__PASSWORD", "s3cret")];
    let refusals = place.refusals(&twice);
    assert!(
        refusals[0].contains("database.password\n      database.url has a password, too"),
        "{refusals:?}"
    );
}

#[test]
fn a_follower_is_told_that_postgres_is_for_primaries() {
    let follower = ("ASTER__SERVER__START_MODE", "follower");
    let refusals =
        Place::empty().refusals(&[follower, ("ASTER__DATABASE__URL", "postgres://anna:s3cret@db/drive")]);
    assert_eq!(refusals.len(), 1);
    assert!(
        refusals[0].starts_with(
            "database.url = \"postgres://…@db/drive\"\n      a follower keeps its binding in a SQLite"
        ),
        "{refusals:?}"
    );
}

#[test]
fn a_refused_configuration_writes_nothing() {
    let place = Place::empty();
    assert!(place.load(&[("ASTER__SERVER__PORT", "-1")]).is_err());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn looking_writes_nothing_and_shows_secrets_as_not_yet_made() {
    let place = Place::empty();
    let inspection = place.inspect(&[]).unwrap();
    assert!(!inspection.file_exists);
    let secret = inspection.settings.iter().find(|setting| setting.key == "auth.jwt_secret").unwrap();
    assert_eq!((secret.value.as_str(), &secret.origin), ("(generated at first start)", &Origin::FirstStart));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_setting_that_moved_names_its_new_place() {
    let refusal = one_refusal("[server]\nmanaged_ingress_local_root = 'x'", &[]);
    assert!(refusal.contains("use server.follower.managed_ingress_local_root"), "{refusal}");
    let refusal = one_refusal("", &[("ASTER__SERVER__MANAGED_INGRESS_LOCAL_ROOT", "x")]);
    assert!(refusal.contains("use ASTER__SERVER__FOLLOWER__MANAGED_INGRESS_LOCAL_ROOT"), "{refusal}");
}

#[test]
fn sections_and_settings_cannot_take_each_others_place() {
    assert!(one_refusal("server = 3", &[]).contains("write [server]"));
    assert!(one_refusal("[server.port]\nx = 1", &[]).contains("not a whole number"));
    assert!(one_refusal("", &[("ASTER__SERVER", "3")]).contains("no such setting"));
    assert!(one_refusal("\"server.port\" = 1", &[]).contains("no such setting"));
}

#[test]
fn a_number_in_quotes_is_a_wrong_type_in_the_file() {
    assert!(one_refusal("[server]\nport = '3000'", &[]).contains("not a whole number"));
    assert!(one_refusal("[server]\nport = 3000.0", &[]).contains("not a whole number"));
    assert!(one_refusal("[auth]\nbootstrap_insecure_cookies = 1", &[]).contains("neither true nor false"));
}

#[test]
fn broken_toml_is_reported_by_line_without_its_text() {
    let refusal = one_refusal("[auth]\njwt_secret = \"hunter2\n", &[]);
    assert!(refusal.contains("not valid TOML: line 2: "), "{refusal}");
    assert!(!refusal.contains("hunter2"));
}

#[test]
fn one_setting_in_two_variables_is_refused() {
    let refusal = one_refusal("", &[("ASTER__SERVER__PORT", "1"), ("aster__server__port", "2")]);
    assert!(refusal.contains("keep one of the two"), "{refusal}");
}

#[test]
fn hosts_paths_and_levels_are_checked() {
    for bad in ["", "http://x", "x:80", "[::1]", "a b"] {
        assert!(one_refusal("", &[("ASTER__SERVER__HOST", bad)]).contains("an IP address"), "{bad}");
    }
    for good in ["::1", "0.0.0.0", "drive-1.example"] {
        assert_eq!(
            Place::empty().inspect(&[("ASTER__SERVER__HOST", good)]).unwrap().config.server.host,
            good
        );
    }
    let outside = [("ASTER__SERVER__FOLLOWER__MANAGED_INGRESS_LOCAL_ROOT", "../../x")];
    assert!(one_refusal("", &outside).contains("leads out of the working directory"));
    assert!(one_refusal("", &[("ASTER__LOGGING__LEVEL", "inof")]).contains("\"inof\" is neither"));
}

#[test]
fn a_secret_can_come_from_a_file_but_not_twice() {
    let place = Place::empty();
    place.put("secret", &format!("{KEY}\n"));
    let by_file = ("ASTER__AUTH__JWT_SECRET_FILE", "secret");
    let loaded = place.load(&[by_file]).unwrap();
    assert_eq!(loaded.config.auth.jwt_secret.expose_secret(), KEY);
    assert!(!place.file().contains(KEY), "what the environment gives does not go into the file");

    let refusals = place.refusals(&[by_file, ("ASTER__AUTH__JWT_SECRET", KEY)]);
    assert!(refusals.len() == 1 && refusals[0].contains("keep one of the two"), "{refusals:?}");
    let refusals = place.refusals(&[("ASTER__AUTH__JWT_SECRET_FILE", "nowhere")]);
    assert!(refusals.len() == 1 && refusals[0].contains("cannot be read"), "{refusals:?}");
    assert!(place.refusals(&[("ASTER__SERVER__HOST_FILE", "secret")])[0].contains("no such setting"));
}

#[test]
fn a_missing_secret_is_added_to_the_file_and_the_rest_stays() {
    let before = format!("# mine\n[auth]\njwt_secret = \"{KEY}\" # old\n\n[server]\nport = 4000\n");
    let place = Place::with_file(&before);
    let key = place.load(&[]).unwrap().config.auth.sealing_key;
    let after = place.file();
    let added: Vec<&str> = after.lines().filter(|line| !before.lines().any(|old| old == *line)).collect();
    assert!(
        matches!(added.as_slice(), [line] if line.starts_with("storage_credential_secret_key = ")),
        "{after}"
    );
    assert!(before.lines().all(|line| after.lines().any(|new| new == line)), "{after}");
    let sealed = key.seal("x", &"plain".into());
    assert!(place.load(&[]).unwrap().config.auth.sealing_key.open("x", &sealed).is_ok());
}

#[test]
fn a_file_that_others_may_read_is_a_warning() {
    let place = Place::empty();
    place.load(&[]).unwrap();
    fs::set_permissions(place.path().join(CONFIG_FILE), PermissionsExt::from_mode(0o644)).unwrap();
    let notes = place.load(&[]).unwrap().notes;
    assert!(matches!(notes.as_slice(), [Note::Warning(text)] if text.contains("chmod 600")), "{notes:?}");
}

/// A place whose `data/` takes no file, not even from root, whom permissions do not stop.
fn unwritable() -> Place {
    let place = Place::empty();
    std::os::unix::fs::symlink("/proc", place.path().join("data")).unwrap();
    place
}

#[test]
fn where_nothing_can_be_written_the_environment_is_enough() {
    let loaded = unwritable().load(&SECRETS).unwrap();
    assert!(matches!(loaded.notes.as_slice(), [Note::Warning(_)]), "{:?}", loaded.notes);
    assert_eq!(loaded.config.auth.jwt_secret.expose_secret(), KEY);
}

#[test]
fn a_secret_that_cannot_be_kept_is_a_mistake_that_says_how_to_give_it() {
    let problems = unwritable().load(&SECRETS[..1]).unwrap_err().to_string();
    assert!(problems.contains("auth.storage_credential_secret_key"), "{problems}");
    assert!(problems.contains("ASTER__AUTH__STORAGE_CREDENTIAL_SECRET_KEY_FILE"), "{problems}");
    assert!(!problems.contains("auth.jwt_secret"), "{problems}");
}

#[test]
fn a_file_with_no_safe_place_for_a_secret_is_not_touched() {
    let text = "auth = { bootstrap_insecure_cookies = true }\n";
    let place = Place::with_file(text);
    let problems = place.load(&[]).unwrap_err();
    assert_eq!(problems.list().len(), 2, "{problems}");
    assert_eq!(place.file(), text);
}

#[test]
fn a_broken_link_in_the_place_of_the_file_ends_with_a_reason() {
    let place = Place::empty();
    fs::create_dir(place.path().join("data")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.path().join(CONFIG_FILE)).unwrap();
    assert!(place.load(&[]).unwrap_err().to_string().contains("broken link"));
}

#[test]
fn debug_shows_no_secret() {
    let place = Place::empty();
    let loaded = place.load(&SECRETS).unwrap();
    assert!(!format!("{loaded:?} {:?}", loaded.config).contains(KEY));
}

#[test]
fn trusted_proxies_come_as_a_list_of_a_file_or_with_commas_from_a_variable() {
    let variable = [("ASTER__NETWORK_TRUST__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7")];
    let expected = TrustedProxies::parse(&["10.0.0.0/8", "192.0.2.7"]).unwrap();
    assert_eq!(Place::empty().load(&variable).unwrap().config.trusted_proxies, expected);
    let file = "[network_trust]\ntrusted_proxies = [\"10.0.0.0/8\", \"192.0.2.7\"]\n";
    assert_eq!(Place::with_file(file).load(&[]).unwrap().config.trusted_proxies, expected);
    let refusal = one_refusal("[network_trust]\ntrusted_proxies = \"10.0.0.0/8, proxy\"\n", &[]);
    assert!(refusal.contains("`proxy`"), "{refusal}");
}
