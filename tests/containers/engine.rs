//! The engine that runs the containers, and the image under test in it.
//!
//! An engine that answers is used as it is: a second one would write the packet filter's rules anew and cut off the
//! containers of the first. Where none answers, a private one is started; its images stay below the target directory, so
//! that the next run has the layer of the dependencies.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::support::wait;

/// The repository.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Name of the image under test, not to be taken for one that somebody uses.
const IMAGE_NAME: &str = "aster_drive_under_test";

/// A running engine and the image under test.
pub(crate) struct Engine {
    /// `unix:///…` of the private engine; `None` for the one that answers anyway.
    host: Option<String>,
    /// `docker compose` or `docker-compose`.
    compose: &'static [&'static str],
    /// The image, built from this checkout.
    pub(crate) image: String,
}

/// The engine, for one test at a time; `None` where there is none, which has been said then.
pub(crate) async fn take() -> Option<(&'static Engine, MutexGuard<'static, ()>)> {
    static ENGINE: OnceCell<Option<Engine>> = OnceCell::const_new();
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let turn = ONE_AT_A_TIME.lock().await;
    let found = ENGINE.get_or_init(async || match Engine::find().await {
        Ok(engine) => Some(engine),
        Err(reason) => {
            // Past the capture of the test runner, which shows nothing of a test that passes.
            let _ =
                writeln!(std::io::stderr(), "\nSKIPPED: the container tests need a Docker engine: {reason}");
            None
        }
    });
    Some((found.await.as_ref()?, turn))
}

impl Engine {
    async fn find() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err(
                "they run as root, to kill processes in containers and to make base images".to_owned()
            );
        }
        if !succeeds("docker", &["--version"]) {
            return Err("the program `docker` is missing; `scripts/setup test` installs it".to_owned());
        }
        let compose: &[&str] = if succeeds("docker", &["compose", "version"]) {
            &["docker", "compose"]
        } else if succeeds("docker-compose", &["version"]) {
            &["docker-compose"]
        } else {
            return Err(
                "neither `docker compose` nor `docker-compose` is there; `scripts/setup test` installs it"
                    .to_owned(),
            );
        };
        let host = if succeeds("docker", &["info"]) { None } else { Some(start_private().await?) };
        let mut engine = Self { host, compose, image: String::new() };
        engine.image = engine.build();
        Ok(engine)
    }

    /// Builds the image the way a person does, from nothing but what the engine, or its cache, has.
    ///
    /// # Panics
    /// When that fails: an image that cannot be built is a failure, not a reason to skip.
    fn build(&self) -> String {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("base-images");
        let mut bases = self.command("docker/base-images");
        output(bases.env("BASE_IMAGES_CACHE", cache));
        let tags = output(self.command("scripts/image").env("IMAGE_NAME", IMAGE_NAME));
        tags.lines().next().expect("scripts/image prints the tags").to_owned()
    }

    /// A command in the repository that speaks to this engine.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(ROOT);
        if let Some(host) = &self.host {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    /// Runs `docker` and gives what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        output(self.command("docker").args(arguments))
    }

    /// `docker compose …` or `docker-compose …`, whichever is there.
    pub(crate) fn compose(&self) -> Command {
        let mut command = self.command(self.compose[0]);
        command.args(&self.compose[1..]);
        command
    }

    /// The words that [`Engine::compose`] starts with.
    pub(crate) fn compose_words(&self) -> String {
        self.compose.join(" ")
    }

    /// One value of `docker inspect`, by a Go template.
    pub(crate) fn inspect(&self, name: &str, template: &str) -> String {
        self.docker(&["inspect", "--format", template, name]).trim().to_owned()
    }
}

/// What a command printed to standard output.
///
/// # Panics
/// When it fails, with everything it printed.
pub(crate) fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Starts an engine on a socket of its own and gives its address.
async fn start_private() -> Result<String, String> {
    // The path of a socket may have 107 bytes, which a target directory can exceed.
    let run =
        tempfile::Builder::new().prefix("aster-engine.").tempdir_in("/tmp").expect("a directory").keep();
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine");
    let host = format!("unix://{}", run.join("docker.sock").display());
    let mut keeper = keep(&run, &data, &host);
    let is_up =
        wait::until("dockerd answers or ends", async || match keeper.try_wait().expect("the keeper") {
            Some(_) => Some(false),
            None => succeeds("docker", &["--host", &host, "info"]).then_some(true),
        });
    if !is_up.await {
        let log = fs::read_to_string(run.join("log")).unwrap_or_default();
        let _ = fs::remove_dir_all(&run);
        return Err(format!("dockerd does not start: {}", log.lines().last().unwrap_or("no word from it")));
    }
    // Its input is closed by the end of this process, however it ends.
    std::mem::forget(keeper);
    // What a run left behind that was killed: nothing in this engine belongs to anybody else.
    let sweep = "docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes
        docker network prune --force
        docker volume ls --quiet | xargs --no-run-if-empty docker volume rm";
    output(Command::new("sh").args(["-c", sweep]).env("DOCKER_HOST", &host));
    Ok(host)
}

/// `dockerd` as the child of a shell that ends it when our end of the pipe is closed, and that ends with it.
fn keep(run: &Path, data: &Path, host: &str) -> Child {
    let script = r#"
        PATH="$PATH:/usr/sbin:/sbin"
        exec 3<&0
        dockerd --host "$3" --data-root "$2" --exec-root "$1/exec" --pidfile "$1/pid" >"$1/log" 2>&1 3<&- &
        engine=$!
        (read -r _; kill "$engine") <&3 &
        waiter=$!
        if wait "$engine"; then rm -rf "$1"; fi
        kill "$waiter"
    "#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "engine-keeper"]).args([run, data]).arg(host);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh")
}
