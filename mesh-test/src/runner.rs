//! Runs the cases one after the other, each on a stage of its own, and says how it went.

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use envoy_test::terminal::Paint;

use crate::control_plane::Mesh;
use crate::kube::KUBECONFIG;
use crate::programs::Programs;
use crate::stage::{self, Stage};

/// So much of a proxy's log is shown with a failure.
const TAIL: usize = 8;

/// What the log of a proxy has when the filter traps.
const TRAPS: [&str; 3] = ["Function: proxy_on", "memory allocation of", "panicked"];

/// One case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    /// What it proves, in one line.
    pub about: &'static str,
    /// Annotations of the primary's pods.
    pub annotations: &'static [(&'static str, &'static str)],
    pub run: fn(&Stage) -> Result<()>,
}

/// Brings the mesh up, runs the cases, prints a line for each, and the tally at the end.
pub fn run(cases: &[&Case], programs: &Programs) -> Result<ExitCode> {
    let paint = Paint::stdout();
    let mesh = start(programs)?;
    let width = cases.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let mut failed = 0;
    for case in cases {
        let start = Instant::now();
        let result = prove(case, &mesh);
        let seconds = paint.dim(&format!("{:5.1} s", start.elapsed().as_secs_f64()));
        let word = match result {
            Ok(()) => paint.green("ok    "),
            Err(_) => paint.red("FAILED"),
        };
        println!("{word} {:width$} {seconds}  {}", case.name, paint.dim(case.about));
        if let Err(error) = result {
            failed += 1;
            print_failure(&error, case, &paint);
        }
        stage::clear(case.name)?;
    }
    println!("{} passed, {failed} failed", cases.len() - failed);
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// Brings the mesh up with one stage, and opens a shell in it.
pub fn shell(programs: &Programs) -> Result<ExitCode> {
    let mesh = start(programs)?;
    let stage = Stage::set(&mesh, "demo", &[])?;
    let (primary, shadow) = (stage.primary()?, stage.shadow()?);
    println!(
        "primary: curl http://{}:9080/    shadow: {}",
        primary.address, shadow.address
    );
    println!("the pods' networks: ip netns exec NAME …, names in /media/pods/*/network; logs in /media/logs");
    println!("kubectl knows the cluster; the module is {}", mesh.module_url);
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("bash")
        .env("KUBECONFIG", KUBECONFIG)
        .env("PATH", format!("/media/bin:{path}"))
        .status()
        .context("cannot run bash")?;
    Ok(ExitCode::SUCCESS)
}

fn start(programs: &Programs) -> Result<Mesh> {
    let start = Instant::now();
    let mesh = Mesh::start(programs)
        .with_context(|| format!("the mesh did not come up; its logs are in {}", programs.logs.display()))?;
    println!("the mesh is up after {:.1} s", start.elapsed().as_secs_f64());
    Ok(mesh)
}

fn prove(case: &Case, mesh: &Mesh) -> Result<()> {
    let stage = Stage::set(mesh, case.name, case.annotations).context("the stage was not set")?;
    (case.run)(&stage)?;
    for pod in stage.primaries()? {
        let log = pod.log()?;
        let broken = log.lines().find(|line| TRAPS.iter().any(|sign| line.contains(sign)));
        ensure!(broken.is_none(), "the filter broke: {}", broken.unwrap_or_default());
    }
    Ok(())
}

/// Whether a line of a proxy's log is about plugins. Most are about requests, certificates and discovery.
fn tells_of_plugins(line: &str) -> bool {
    line.contains("wasm") && !line.contains("fetching image")
}

/// What the case saw, and the last that the primary's proxies wrote.
fn print_failure(error: &anyhow::Error, case: &Case, paint: &Paint) {
    for line in format!("{error:#}").lines() {
        println!("       {line}");
    }
    let folder = format!("/media/logs/{}", case.name.replace('_', "-"));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("reviews-v1") && name.ends_with(".istio-proxy.log") {
            let log = std::fs::read(entry.path()).unwrap_or_default();
            let log = String::from_utf8_lossy(&log).into_owned();
            let lines: Vec<_> = log.lines().filter(|line| tells_of_plugins(line)).collect();
            for line in &lines[lines.len().saturating_sub(TAIL)..] {
                println!("       {} {}", paint.dim("proxy|"), paint.dim(line));
            }
        }
    }
}
