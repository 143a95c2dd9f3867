//! Arms with an Envoy of their own: how long that takes to start, how much memory it holds, and what becomes of large
//! uploads when the shadow reads nothing.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Handle;

use super::CONNECTIONS;
use super::cells::GET;
use super::results::{Alone, Upload};
use super::statistics::median;
use crate::measure::arm::BASELINE;
use crate::measure::machine::Cores;
use crate::measure::traffic::{Load, Manner, PATIENCE, Traffic};
use crate::measure::{Arm, Proxy, request};

/// How often each is started.
const STARTS: usize = 3;
/// More than the sockets between Envoy and a shadow take.
const UPLOAD: usize = 16 << 20;
const UPLOADS: f64 = 3.0;

/// Starts each of these arms alone, and looks at it.
pub fn measure(
    arms: &[Arm],
    envoy: &Path,
    cores: Cores,
    runtime: &Handle,
    traffic: &mut Traffic,
) -> Result<(Vec<Alone>, Vec<Upload>)> {
    let (mut alone, mut uploads) = (Vec::new(), Vec::new());
    for arm in arms {
        let start = || {
            let arms = std::slice::from_ref(arm);
            runtime.block_on(Proxy::start(&super::setup(envoy, arms, traffic.backends()?, cores)))
        };
        let mut starts = Vec::new();
        for _ in 1..STARTS {
            starts.push(start()?.started_in().as_secs_f64() * 1e3);
        }
        let proxy = start()?;
        starts.push(proxy.started_in().as_secs_f64() * 1e3);
        let idle = proxy.memory()?.0;
        let target = proxy.listener(arm)?;
        traffic.connect(target, CONNECTIONS)?;
        traffic.run(&GET.load(target, Duration::from_secs(1)))?;
        let (resident, own) = proxy.memory()?;
        alone.push(Alone {
            arm: arm.name.clone(),
            start: median(starts).unwrap_or(f64::NAN),
            idle,
            resident,
            own,
        });
        if arm.name == BASELINE || arm.copies >= 1.0 {
            uploads.push(upload(arm, target, traffic)?);
        }
        proxy.check()?;
        traffic.disconnect();
    }
    Ok((alone, uploads))
}

fn upload(arm: &Arm, target: std::net::SocketAddr, traffic: &mut Traffic) -> Result<Upload> {
    let outcome = traffic.run(&Load {
        target,
        request: request::bytes("POST", UPLOAD),
        rate: 2.0,
        duration: Duration::from_secs_f64(UPLOADS / 2.0),
        settle: Duration::ZERO,
        patience: PATIENCE,
        shadow: Manner::Unread,
    })?;
    Ok(Upload {
        arm: arm.name.clone(),
        bytes: UPLOAD,
        answered: outcome
            .latencies
            .iter()
            .map(|latency| latency.as_secs_f64() * 1e3)
            .collect(),
        failed: outcome.failed,
        patience: PATIENCE.as_secs_f64(),
    })
}
