//! Envoy's admin interface, as far as cases need it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// The admin interface of one Envoy.
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    pub address: SocketAddr,
}

/// How often Envoy has looked at the filter's file, and with what result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    pub accepted: u64,
    pub refused: u64,
}

// === impl Admin ===

impl Admin {
    /// The text at this path.
    pub async fn get(&self, path: &str) -> Result<String> {
        let (status, text) = self.request(path).await.with_context(|| format!("admin {path}"))?;
        ensure!(status == 200, "admin {path} answers {status}: {text}");
        Ok(text)
    }

    /// Whether Envoy serves.
    pub async fn is_ready(&self) -> bool {
        matches!(self.request("/ready").await, Ok((200, _)))
    }

    /// The address on which the listener of this name accepts.
    pub async fn listener(&self, name: &str) -> Result<SocketAddr> {
        let listeners: Value = serde_json::from_str(&self.get("/listeners?format=json").await?)?;
        let mut all = listeners["listener_statuses"].as_array().into_iter().flatten();
        let socket = all
            .find(|one| one["name"] == name)
            .and_then(|one| one.pointer("/local_address/socket_address"))
            .with_context(|| format!("Envoy shows no listener {name}"))?;
        let host = socket["address"].as_str().context("a listener without an address")?;
        let port = socket["port_value"].as_u64().context("a listener without a port")?;
        Ok(SocketAddr::new(host.parse()?, u16::try_from(port)?))
    }

    /// The statistics whose raw names match, with histograms.
    pub async fn statistics(&self, filter: &str) -> Result<Value> {
        let path = format!("/stats?format=json&histogram_buckets=cumulative&filter={filter}");
        serde_json::from_str(&self.get(&path).await?).context("the statistics are not JSON")
    }

    /// What became of the filter's file so far.
    pub async fn discovery(&self) -> Result<Discovery> {
        // Behind the router it is an `upstream_http_filter`.
        const NAME: &str = "http_filter.traffic_mirror.";
        let statistics = self.statistics("extension_config_discovery").await?;
        let count = |name: &str| {
            let named = |one: &&Value| {
                one["name"]
                    .as_str()
                    .and_then(|full| full.split_once(NAME))
                    .map(|parts| parts.1)
                    == Some(name)
            };
            statistics["stats"]
                .as_array()
                .and_then(|all| all.iter().find(named)?["value"].as_u64())
                .unwrap_or(0)
        };
        Ok(Discovery {
            accepted: count("update_success"),
            refused: count("update_rejected") + count("update_failure"),
        })
    }

    async fn request(&self, path: &str) -> Result<(u16, String)> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(TcpStream::connect(self.address).await?)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::get(path).header("host", "admin").body(Empty::<Bytes>::new())?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let text = String::from_utf8_lossy(&body.collect().await?.to_bytes()).into_owned();
        connection.abort();
        Ok((head.status.as_u16(), text))
    }
}
