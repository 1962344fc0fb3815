//! The web app's page and files beside the API.

use http::header;
use reqwest::{Client, Method, Response};

use super::{Site, status_and_body};

/// What browsers say when somebody opens an address.
const OPENS: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn ask(site: &Site, method: Method, path: &str, accept: &str) -> Response {
    let url = format!("http://{}{path}", site.address);
    Client::new().request(method, url).header(header::ACCEPT, accept).send().await.expect("reply")
}

#[tokio::test]
async fn every_address_that_people_open_is_the_page_whether_the_app_was_built_or_not() {
    let site = Site::new().await;
    for path in ["/", "/admin/remote-nodes/3/setup", "/s/token", "/index.html"] {
        let reply = ask(&site, Method::GET, path, OPENS).await;
        let policy = reply.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
        assert!(policy.contains("script-src 'self';"), "{path}: {policy}");
        assert_eq!(reply.headers()[header::CACHE_CONTROL], "no-store", "{path}");
        assert!(reply.text().await.expect("page").contains("<!doctype html>"), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_page_stays_an_envelope() {
    let site = Site::new().await;
    for (method, path, accept) in [
        (Method::GET, "/api/v1/nothing", OPENS),
        (Method::GET, "/api", OPENS),
        (Method::GET, "/assets/gone-abc.js", OPENS),
        (Method::GET, "/.vite/manifest.json", "*/*"),
        (Method::GET, "/admin/overview", "application/json"),
        (Method::POST, "/admin/overview", OPENS),
    ] {
        let (status, body) = status_and_body(ask(&site, method, path, accept).await).await;
        assert_eq!((status, body["error"]["code"].as_str()), (404, Some("endpoint_not_found")), "{path}");
    }
}
