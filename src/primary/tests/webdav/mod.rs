//! WebDAV: what programs meet.

mod accounts;
mod protocol;
mod tree;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::{Session, Site, eventually};

const PASSWORD: &str = "a password for programs";

/// A program that is logged in.
struct Program {
    client: Client,
    base: String,
    name: String,
    password: String,
}

impl Program {
    async fn of(site: &Site, user: &Session, more: Value) -> Self {
        let name = more["username"].as_str().unwrap_or("programs").to_owned();
        let mut body = json!({"username": name, "password": PASSWORD});
        body.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        let (status, answer) = user.post("/webdav-accounts", body).await;
        assert_eq!(status, 201, "{answer}");
        Self::with(site, &name, answer["data"]["password"].as_str().expect("password"))
    }

    fn with(site: &Site, name: &str, password: &str) -> Self {
        let base = format!("http://{}/webdav", site.address);
        Self { client: Client::new(), base, name: name.to_owned(), password: password.to_owned() }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        let request = self.client.request(method, format!("{}{path}", self.base));
        request.basic_auth(&self.name, Some(&self.password))
    }

    async fn send(&self, method: &str, path: &str) -> u16 {
        self.request(method, path).send().await.expect("reply").status().as_u16()
    }

    async fn put(&self, path: &str, content: &str) -> u16 {
        let request = self.request("PUT", path).body(content.to_owned());
        request.send().await.expect("reply").status().as_u16()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let reply = self.request("GET", path).send().await.expect("reply");
        (reply.status().as_u16(), reply.text().await.expect("body"))
    }

    async fn to(&self, method: &str, from: &str, to: &str, overwrite: &str) -> u16 {
        let request = self.request(method, from).header("destination", format!("{}{to}", self.base));
        request.header("overwrite", overwrite).send().await.expect("reply").status().as_u16()
    }

    /// The answer to PROPFIND, which is 207.
    async fn find(&self, path: &str, depth: &str, body: &str) -> String {
        let request = self.request("PROPFIND", path).header("depth", depth).body(body.to_owned());
        let reply = request.send().await.expect("reply");
        assert_eq!(reply.status(), 207, "{path}");
        reply.text().await.expect("body")
    }

    /// Locks and gives the token.
    async fn lock(&self, path: &str, depth: &str) -> String {
        let body = "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/>\
                    </D:locktype><D:owner><D:href>mailto:x</D:href></D:owner></D:lockinfo>";
        let request = self.request("LOCK", path).header("depth", depth).body(body);
        let reply = request.send().await.expect("reply");
        assert!(reply.status().is_success(), "{}", reply.status());
        let token = reply.headers()["lock-token"].to_str().expect("token").to_owned();
        assert!(reply.text().await.expect("body").contains("<D:href xmlns:D=\"DAV:\">mailto:x</D:href>"));
        token
    }
}

/// The addresses that an answer names.
fn hrefs(answer: &str) -> Vec<String> {
    let responses = answer.split("<D:response><D:href>").skip(1);
    responses.filter_map(|rest| rest.split_once("</D:href>")).map(|(href, _)| href.to_owned()).collect()
}

async fn message(reply: Response) -> String {
    let text = reply.text().await.expect("body");
    let inner = text.split_once("dav\">").and_then(|(_, rest)| rest.split_once("</A:message>"));
    inner.unwrap_or_else(|| panic!("a message in {text}")).0.to_owned()
}

fn basic(name: &str) -> String {
    let text = format!("{name}:{PASSWORD}");
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| -> String {
        let bits = bytes
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let all: String = (0..4).map(|place| char::from(letters[bits >> (18 - 6 * place) & 63])).collect();
        all[..=bytes.len()].to_owned()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

/// Sends these bytes and gives what comes back first.
async fn raw(site: &Site, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(site.address).await.expect("connect");
    stream.write_all(request.as_bytes()).await.expect("request");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}
