//! Checks docker-compose.yaml without Docker: that its files exist and are the ones the runner uses, and that all names
//! agree.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_yaml_ng::Value;

use crate::envoy::bootstrap::BOOTSTRAP;
use crate::envoy::filter_file::{FILTER, MODULE};

/// Where docker-compose puts this folder.
const MOUNTED: &str = "/etc/traffic-mirror";

/// Checks everything; the text says what was checked.
pub fn check() -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    files_agree(folder)?;
    let checker = [("docker-compose", &[][..]), ("docker", &["compose"][..])]
        .into_iter()
        .find(|(program, arguments)| {
            let mut version = Command::new(program);
            version
                .args(*arguments)
                .arg("version")
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            version.status().is_ok_and(|status| status.success())
        });
    let Some((program, arguments)) = checker else {
        return Ok(
            "docker-compose.yaml: its files and names agree; `config` skipped, docker-compose is not installed"
                .to_owned(),
        );
    };
    let output = Command::new(program)
        .args(arguments)
        .args(["config", "--quiet"])
        .current_dir(folder)
        .output()?;
    ensure!(
        output.status.success(),
        "docker-compose.yaml: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(format!(
        "docker-compose.yaml: its files and names agree, and `{program} config` accepts it"
    ))
}

/// What compose mounts, starts and names is what Envoy's files expect.
fn files_agree(folder: &Path) -> Result<()> {
    let text = std::fs::read_to_string(folder.join("docker-compose.yaml")).context("docker-compose.yaml")?;
    let services = serde_yaml_ng::from_str::<Value>(&text)?["services"].clone();
    let envoy = &services["envoy"];
    let mounts: Vec<&str> = envoy["volumes"]
        .as_sequence()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    ensure!(mounts == [format!("./:{MOUNTED}:ro")], "envoy mounts {mounts:?}");
    let command: Vec<&str> = envoy["command"]
        .as_sequence()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    ensure!(
        command.contains(&format!("{MOUNTED}/envoy.yaml").as_str()),
        "envoy is started as {command:?}"
    );

    let on_disk = |name: &str| {
        std::fs::read_to_string(folder.join(name)).with_context(|| format!("{name} is not there to be mounted"))
    };
    ensure!(
        on_disk("envoy.yaml")? == BOOTSTRAP && on_disk("filter.yaml")? == FILTER,
        "the runner was built with other files"
    );
    ensure!(
        BOOTSTRAP.contains(&format!("path: {MOUNTED}/filter.yaml")),
        "envoy.yaml does not watch the mounted filter.yaml"
    );
    ensure!(FILTER.contains(MODULE), "filter.yaml does not load {MODULE}");
    ensure!(
        on_disk("Dockerfile")?.contains(MODULE),
        "Dockerfile does not put the module at {MODULE}"
    );

    let bootstrap: Value = serde_yaml_ng::from_str(BOOTSTRAP)?;
    for cluster in bootstrap["static_resources"]["clusters"]
        .as_sequence()
        .into_iter()
        .flatten()
    {
        let address =
            &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"];
        let (Some(host), Some(port)) = (address["address"].as_str(), address["port_value"].as_u64()) else {
            bail!("a cluster of envoy.yaml has no endpoint");
        };
        let arguments: Vec<&str> = services[host]["command"]
            .as_sequence()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let listens = arguments.contains(&format!("0.0.0.0:{port}").as_str()) && arguments.contains(&host);
        ensure!(
            listens,
            "envoy.yaml wants {host}:{port}, which no service of docker-compose.yaml offers"
        );
    }
    dashboard_agrees(&services, &bootstrap, &on_disk("Dockerfile")?)
}

/// The dashboard asks the Envoy beside it, and only this machine can ask the dashboard.
fn dashboard_agrees(services: &Value, bootstrap: &Value, dockerfile: &str) -> Result<()> {
    let dashboard = &services["dashboard"];
    let list = |name: &str| -> Vec<&str> {
        let all = dashboard[name].as_sequence().into_iter().flatten();
        all.filter_map(Value::as_str).collect()
    };
    let admin = bootstrap["admin"]["address"]["socket_address"]["port_value"].as_u64();
    let envoy = format!("http://envoy:{}", admin.context("envoy.yaml has no admin interface")?);
    let command = list("command");
    ensure!(
        command == ["--envoy", &envoy, "--listen", "0.0.0.0:8088"],
        "the dashboard is started as {command:?}, and Envoy's admin interface is {envoy}"
    );
    let ports = list("ports");
    ensure!(
        ports == ["127.0.0.1:8088:8088"],
        "the dashboard has no login and is published at {ports:?}"
    );
    let target = dashboard["build"]["target"].as_str().unwrap_or_default();
    ensure!(
        dockerfile.contains(&format!(" AS {target}\n"))
            && dockerfile.contains(r#"ENTRYPOINT ["mirrorctl", "dashboard"]"#),
        "Dockerfile has no image of the dashboard"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn docker_compose_starts_what_the_runner_proves() {
        println!("{}", super::check().expect("docker-compose.yaml"));
    }
}
