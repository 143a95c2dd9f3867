//! The program that runs in the pods in the place of every image: the echo backend of envoy-test.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Result;
use envoy_test::backend::{Behaviour, Echo, Journal};

/// Serves on these ports until the process is ended.
pub fn run(name: &str, ports: &[u16]) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let journal = Journal::unlimited();
        let mut running = Vec::new();
        for port in ports {
            let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, *port));
            running.push(Echo::start(name, address, Behaviour::default(), journal.clone()).await?);
        }
        std::future::pending().await
    })
}
