//! The image by itself.

use std::process::{Command, Stdio};

use crate::engine::{self, Engine, output};
use crate::support::wait;

/// What the requirements allow; compressed as a registry would.
const MAX_COMPRESSED_BYTES: u64 = 40 * 1024 * 1024;

#[tokio::test]
async fn the_image_is_small_and_tells_what_it_is() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let config = |path: &str| engine.inspect(&engine.image, &format!("{{{{json .Config.{path}}}}}"));
    assert_eq!(config("User"), r#""10001:10001""#);
    assert_eq!(config("WorkingDir"), r#""/""#);
    assert_eq!(config("StopSignal"), r#""SIGTERM""#);
    assert_eq!(config("Volumes"), r#"{"/data":{}}"#);
    assert_eq!(config("ExposedPorts"), r#"{"3000/tcp":{}}"#);
    assert!(config("Healthcheck").contains(r#"["CMD","aster_drive","healthcheck"]"#));
    let label = |name| engine.inspect(&engine.image, &format!("{{{{index .Config.Labels \"{name}\"}}}}"));
    assert_eq!(label("org.opencontainers.image.version"), env!("CARGO_PKG_VERSION"));
    assert!(!label("org.opencontainers.image.revision").is_empty());

    let mut saved =
        engine.command("docker").args(["save", &engine.image]).stdout(Stdio::piped()).spawn().expect("save");
    let size = output(
        Command::new("sh").args(["-c", "gzip -6 | wc -c"]).stdin(saved.stdout.take().expect("stdout")),
    );
    let size: u64 = size.trim().parse().expect("a number");
    assert!(saved.wait().expect("save").success() && size > 1024 * 1024);
    assert!(size <= MAX_COMPRESSED_BYTES, "{size} bytes");
}

#[tokio::test]
async fn it_serves_without_root_without_a_shell_and_without_writing_to_its_root() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let confined = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    let container = Container::start(engine, &confined);
    let state = || engine.inspect(&container.id, "{{.State.Health.Status}}");
    wait::until("the container is healthy", async || (state() == "healthy").then_some(())).await;

    let pid = engine.inspect(&container.id, "{{.State.Pid}}");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).expect(name).to_owned();
    assert_eq!(line("Uid:").split_whitespace().skip(1).collect::<Vec<_>>(), ["10001"; 4]);
    assert_eq!(line("CapEff:").split_whitespace().nth(1), Some("0000000000000000"));

    let names =
        output(engine.command("sh").args(["-c", &format!("docker export {} | tar -t", container.id)]));
    let programs: Vec<_> =
        names.lines().filter(|name| name.contains("bin/") && !name.ends_with('/')).collect();
    assert_eq!(programs, ["usr/bin/aster_drive"], "nothing else to run");
    assert_eq!(engine.docker(&["diff", &container.id]).trim(), "", "nothing is written beside the volume");

    engine.docker(&["stop", "--time", "20", &container.id]);
    assert_eq!(engine.inspect(&container.id, "{{.State.ExitCode}}"), "0");
}

#[test]
fn the_version_in_the_files_is_that_of_the_program() {
    let file = |name: &str| std::fs::read_to_string(format!("{}/{name}", engine::ROOT)).expect("file");
    let version = env!("CARGO_PKG_VERSION");
    assert!(file("Dockerfile").contains(&format!("ARG VERSION={version}\n")));
    assert!(file("compose/common.yml").contains(&format!("aster_drive:{version}}}")));
    assert!(file(".env.example").contains(&format!("#ASTER_IMAGE=aster_drive:{version}\n")));
}

struct Container<'a> {
    engine: &'a Engine,
    id: String,
}

impl<'a> Container<'a> {
    fn start(engine: &'a Engine, options: &[&str]) -> Self {
        let arguments = [&["run", "--detach"], options, &[&engine.image]].concat();
        Self { engine, id: engine.docker(&arguments).trim().to_owned() }
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let _ = self.engine.command("docker").args(["rm", "--force", "--volumes", &self.id]).output();
    }
}
