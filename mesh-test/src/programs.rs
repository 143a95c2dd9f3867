//! What the lab is made of: the programs of Istio and Kubernetes, an Envoy, the module, `mirrorctl`, and what single
//! cases need.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

/// The paths, as a user names them.
#[derive(Args)]
pub struct Files {
    /// The folder that mesh-test/lab/build prints
    #[arg(long, env = "MESH_PROGRAMS")]
    programs: Option<PathBuf>,
    /// The Envoy binary; scripts/envoy finds one
    #[arg(long, env = "ENVOY_PATH")]
    envoy: Option<PathBuf>,
    /// The filter
    #[arg(long, default_value = "dist/traffic-mirror.wasm")]
    wasm: PathBuf,
    /// The command line tool
    #[arg(long, env = "MIRRORCTL_PATH", default_value = "dist/mirrorctl")]
    mirrorctl: PathBuf,
    /// The istioctl that mesh-test/lab/istioctl prints; for the case `analyze`
    #[arg(long, env = "ISTIOCTL_PATH")]
    istioctl: Option<PathBuf>,
    /// The inputs of mirrorctl's own tests, as `make test-mesh` writes them; for the cases `webhook` and `analyze`
    #[arg(long, env = "FINDINGS_CASES")]
    findings: Option<PathBuf>,
    /// Where the logs are written; what was there before is removed
    #[arg(long, default_value = "target/mesh-test")]
    logs: PathBuf,
}

/// The same, found and absolute.
#[derive(Clone, Debug)]
pub struct Programs {
    pub folder: PathBuf,
    pub envoy: PathBuf,
    pub module: PathBuf,
    pub mirrorctl: PathBuf,
    pub istioctl: Option<PathBuf>,
    pub findings: Option<PathBuf>,
    pub logs: PathBuf,
    /// mesh-test/lab of this repository.
    pub lab: PathBuf,
}

/// What the machine must have, and where Debian has it.
const TOOLS: [(&str, &str); 6] = [
    ("curl", "curl"),
    ("ip", "iproute2"),
    ("iptables-restore", "iptables"),
    ("openssl", "openssl"),
    ("python3", "python3"),
    ("unshare", "util-linux"),
];

const UNNAMED: &str = "MESH_PROGRAMS and ENVOY_PATH must be set, as `make test-mesh` does it";

impl Files {
    /// Finds all of it, and says how to come by what is missing.
    pub fn find(self) -> Result<Programs> {
        let missing: Vec<_> = TOOLS.iter().filter(|(tool, _)| !is_on_path(tool)).collect();
        let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
        ensure!(
            missing.is_empty(),
            "the mesh needs tools that are not here: apt-get install {}",
            packages.join(" ")
        );
        std::fs::create_dir_all(&self.logs)?;
        Ok(Programs {
            folder: found(&self.programs.context(UNNAMED)?, "mesh-test/lab/build")?,
            envoy: found(&self.envoy.context(UNNAMED)?, "scripts/envoy")?,
            module: found(&self.wasm, "make build")?,
            mirrorctl: found(&self.mirrorctl, "make mirrorctl")?,
            istioctl: self.istioctl,
            findings: self.findings,
            logs: self.logs.canonicalize()?,
            lab: Path::new(env!("CARGO_MANIFEST_DIR")).join("lab"),
        })
    }
}

fn found(path: &Path, maker: &str) -> Result<PathBuf> {
    ensure!(path.exists(), "there is no {}: `{maker}` makes one", path.display());
    Ok(path.canonicalize()?)
}

fn is_on_path(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}
