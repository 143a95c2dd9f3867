//! The tutorial of docs/mirrorctl.md, word for word: its commands run with kubectl and `mirrorctl` against the API
//! server, print what is shown below them, and copy.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::command;
use crate::kube::{KUBECONFIG, kubectl};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

const GUIDE: &str = include_str!("../../../../docs/mirrorctl.md");
const SECTION: &str = "\n## The tutorial, step by step\n";
/// Where the tutorial's files are.
const FOLDER: &str = "/media/tutorial";

pub(super) fn run(stage: &Stage) -> Result<()> {
    // The tutorial makes its own shadow, of that name.
    let shadow = ["deployment/reviews-v2", "service/reviews-v2"];
    let delete = ["delete", "--namespace", &stage.namespace];
    kubectl(&[&delete[..], &shadow].concat(), b"")?;
    fs::create_dir_all(FOLDER)?;
    symlink(&stage.mesh.programs.mirrorctl, Path::new(FOLDER).join("mirrorctl"))?;
    let (_, section) = GUIDE.split_once(SECTION).context("no tutorial in the guide")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let section = section.replace("demo", &stage.namespace);
    let mut is_applied = false;
    for (commands, shown) in blocks(&section) {
        let printed = print(stage, commands)?;
        ensure!(
            printed == shown,
            "{commands}prints\n{printed}and what is shown is\n{shown}"
        );
        if commands.contains("kubectl apply -f reviews-v2.yaml") {
            stage.shadow()?;
            stage.wait_until_copying(&stage.primary()?)?;
            is_applied = true;
        }
    }
    ensure!(is_applied, "the tutorial applied nothing");
    Ok(())
}

/// The commands of each block, and what is shown below it.
fn blocks(section: &str) -> impl Iterator<Item = (&str, &str)> {
    section.split("```sh\n").skip(1).filter_map(|rest| {
        let (commands, rest) = rest.split_once("```\n")?;
        let shown = rest
            .strip_prefix("\n```text\n")
            .and_then(|rest| rest.split_once("```\n"));
        Some((commands, shown.map_or("", |(shown, _)| shown)))
    })
}

/// What the commands print, on either stream. The lab's registry stands for the tutorial's, which a line of its first
/// block names.
fn print(stage: &Stage, commands: &str) -> Result<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("exec 2>&1\nset -o pipefail\n{commands}")])
        .current_dir(FOLDER)
        .env("PATH", format!("{FOLDER}:/media/bin:{path}"))
        .env("KUBECONFIG", KUBECONFIG)
        .env("MIRRORCTL_MODULE", &stage.mesh.module_url);
    command::output(&mut bash, b"")
}
