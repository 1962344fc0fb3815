//! One Compose project on an empty machine: its own name, volumes and network, gone at the end.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use tempfile::TempDir;

use crate::engine::{Engine, ROOT, output};
use crate::support::client::{Answer, Client};
use crate::support::pair::id;
use crate::support::primary;
use crate::support::wait;

/// The name and the password of the administrator that a stack declares.
pub(crate) const ADMIN: &str = "admin";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A project in a copy of what a person has: the Compose files and `.env`.
pub(crate) struct Stack<'a> {
    engine: &'a Engine,
    directory: TempDir,
    /// Win over `.env`, as they do for a person.
    environment: BTreeMap<String, String>,
}

impl<'a> Stack<'a> {
    /// A copy of the repository's files with `.env.example` as `.env`. Nothing runs yet. The published ports are free
    /// ones, on loopback only.
    pub(crate) fn new(engine: &'a Engine, settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("dir");
        fs::create_dir(directory.path().join("compose")).expect("compose");
        for entry in fs::read_dir(Path::new(ROOT).join("compose")).expect("compose").flatten() {
            fs::copy(entry.path(), directory.path().join("compose").join(entry.file_name())).expect("copy");
        }
        fs::copy(Path::new(ROOT).join(".env.example"), directory.path().join(".env.example")).expect("copy");
        fs::copy(directory.path().join(".env.example"), directory.path().join(".env")).expect("copy");
        // Compose looks for what it could build, although the image is there.
        fs::copy(Path::new(ROOT).join("Dockerfile"), directory.path().join("Dockerfile")).expect("copy");
        let project = format!("aster-test-{}", uuid::Uuid::new_v4().simple());
        let own = [
            ("COMPOSE_PROJECT_NAME", project.as_str()),
            ("ASTER_IMAGE", &engine.image),
            ("ASTER_ADDRESS", "127.0.0.1"),
            ("ASTER_PORT", "0"),
            ("ASTER_BOOTSTRAP_ADMIN_PASSWORD", PASSWORD),
        ];
        let environment =
            own.iter().chain(settings).map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Self { engine, directory, environment }
    }

    /// Where its files are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A command in the project's directory, with its environment.
    pub(crate) fn command(&self, mut command: std::process::Command) -> std::process::Command {
        command.current_dir(self.directory()).envs(&self.environment);
        command
    }

    /// Takes a variable back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Runs `docker compose …` and gives what it printed.
    pub(crate) fn compose(&self, arguments: &[&str]) -> String {
        output(self.command(self.engine.compose()).args(arguments))
    }

    /// Id of the container of a service.
    pub(crate) fn container(&self, service: &str) -> String {
        self.compose(&["ps", "--quiet", service]).trim().to_owned()
    }

    /// Where a port of a service is published. Changes with each start of the container.
    pub(crate) fn published(&self, service: &str, port: u16) -> SocketAddr {
        let text = self.compose(&["port", service, &port.to_string()]);
        text.trim().parse().unwrap_or_else(|_| panic!("an address: {text:?}"))
    }

    /// A client that is logged in as administrator, once that works.
    pub(crate) async fn admin(&self) -> Client {
        let url = format!("http://{}", self.published("primary", 3000));
        let client = Client::new(&url);
        wait::until("the primary answers", async || {
            client
                .http
                .get(format!("{url}/health"))
                .send()
                .await
                .ok()
                .filter(|reply| reply.status().is_success())
        })
        .await;
        primary::login(&url, ADMIN, PASSWORD).await
    }

    /// Waits until an upload succeeds: nothing else tells a user that the drive is ready. Gives the id of the file.
    pub(crate) async fn first_upload(&self, admin: &Client, content: &[u8]) -> i64 {
        wait::until("an upload succeeds", async || {
            let reply = upload(admin, content.to_vec()).await.ok()?;
            // What a proxy says by itself is no answer of ours.
            if reply.status().is_success() { Some(id(Answer::read(reply).await.data())) } else { None }
        })
        .await
    }

    /// The content of every file below a directory of a service's container; none where there is no such directory.
    pub(crate) fn files_in(&self, service: &str, path: &str) -> Vec<Vec<u8>> {
        let copy = tempfile::tempdir().expect("dir");
        let to = copy.path().join("copy");
        let from = format!("{}:{path}", self.container(service));
        let copied = self.engine.command("docker").args(["cp", &from]).arg(&to).output().expect("docker cp");
        let said = String::from_utf8_lossy(&copied.stderr);
        // What is not there has no files; anything else is no answer.
        let is_missing = said.contains("Could not find the file") || said.contains("No such container:path");
        assert!(copied.status.success() || is_missing, "docker cp {from}: {said}");
        let (mut open, mut found) = (vec![to], Vec::new());
        while let Some(directory) = open.pop() {
            for path in fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() { open.push(path) } else { found.push(fs::read(path).expect("file")) }
            }
        }
        found
    }

    /// What a service wrote to its log.
    pub(crate) fn log(&self, service: &str) -> String {
        let container = self.container(service);
        let output = self.engine.command("docker").args(["logs", &container]).output().expect("docker logs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// A copy of `/data` of a service's container.
    pub(crate) fn copy_data(&self, service: &str) -> TempDir {
        let copy = tempfile::tempdir().expect("dir");
        let from = format!("{}:/data/.", self.container(service));
        self.engine.docker(&["cp", &from, &copy.path().display().to_string()]);
        copy
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whoever reads the failure wants to know what the containers said.
            let _ = self.command(self.engine.compose()).args(["logs", "--no-color", "--tail", "40"]).status();
        }
        let mut down = self.command(self.engine.compose());
        let _ = down.args(["down", "--volumes", "--remove-orphans", "--timeout", "1"]).output();
    }
}

/// Sends a file.
async fn upload(client: &Client, content: Vec<u8>) -> reqwest::Result<reqwest::Response> {
    let form = Form::new().part("file", Part::bytes(content).file_name("file.bin"));
    client.request(Method::POST, "/api/v1/files/upload").multipart(form).send().await
}

/// The content of a file.
pub(crate) async fn download(client: &Client, file: i64) -> Vec<u8> {
    let reply =
        client.request(Method::GET, &format!("/api/v1/files/{file}/download")).send().await.expect("reply");
    assert!(reply.status().is_success(), "{}", reply.text().await.unwrap_or_default());
    reply.bytes().await.expect("body").into()
}
