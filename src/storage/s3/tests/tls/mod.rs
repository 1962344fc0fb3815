//! TLS with an authority of one's own. The certificates beside this file are for 127.0.0.1, made for this test
//! (valid for a hundred years; the key of the authority was thrown away).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::settings_for;
use crate::storage::contract::key;
use crate::storage::s3::{S3Settings, S3Store};
use crate::storage::{ErrorKind, ObjectStore};

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/storage/s3/tests/tls/authority.pem");

/// A server that answers one HEAD on each connection that gets through the handshake.
fn serve() -> String {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("server.pem")).expect("certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key")).expect("key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    let config = Arc::new(config.expect("configuration"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let endpoint = format!("https://{}", listener.local_addr().expect("address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("connection");
            let mut stream = StreamOwned::new(connection, stream);
            let mut head = [0; 16 * 1024];
            if stream.read(&mut head).is_ok_and(|length| head[..length].starts_with(b"HEAD ")) {
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n");
            }
        }
    });
    endpoint
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_its_file_is_named() {
    let endpoint = serve();
    let ca_file = Some(Path::new(AUTHORITY).to_owned());
    let store = S3Store::new(&S3Settings { ca_file, ..settings_for(&endpoint) }).expect("store");
    assert_eq!(store.head(&key("object")).await.expect("head").size, 7);

    let store = S3Store::new(&settings_for(&endpoint)).expect("store");
    let error = store.head(&key("object")).await.expect_err("an unknown authority");
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("CA file"), "{error}");
}
