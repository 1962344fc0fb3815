//! The primary's part of an enrollment, and no more: whoever redeems is given the keys.

use std::net::{Ipv4Addr, SocketAddr};

use aster_drive::protocol::{ACK_PATH, REDEEM_PATH};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::Outcome;

/// Answers redeem and ack until it is dropped.
pub(super) struct ScriptedPrimary {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl ScriptedPrimary {
    pub(super) async fn start(access_key: &str, secret_key: &str) -> Outcome<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let redeemed = json!({"code": 0, "msg": "", "data": {
            "remote_node_id": 1,
            "remote_node_name": "bench",
            "master_url": format!("http://{address}"),
            "access_key": access_key,
            "secret_key": secret_key,
            "is_enabled": true,
            "ack_token": format!("enr_ack_{}", "0".repeat(64)),
        }});
        let routes = Router::new()
            .route(REDEEM_PATH, post(async || Json(redeemed)))
            .route(ACK_PATH, post(async || Json::<Value>(json!({"code": 0, "msg": ""}))));
        let server = tokio::spawn(async move {
            // It only ends by being aborted; an error would show as a failed enrollment.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, server })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for ScriptedPrimary {
    fn drop(&mut self) {
        self.server.abort();
    }
}
