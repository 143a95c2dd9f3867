//! Without files: `mirrorctl` reads the API server, with no more rights than `mirrorctl rbac` gives. What it prints is
//! applied by the same person, copies, and goes again.

use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::command;
use crate::kube::{self, KUBECONFIG, kubectl};
use crate::stage::Stage;
use crate::wait::{self, Found, PATIENCE};

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

const JOB: &str = "reviews-v2";

/// Somebody with rights in the namespace of the case.
struct Person<'a> {
    stage: &'a Stage,
    kubeconfig: PathBuf,
}

pub(super) fn run(stage: &Stage) -> Result<()> {
    let person = Person::new(stage)?;
    person.is_told_what_right_is_missing()?;
    person.is_given_the_roles()?;
    let primary = stage.primary()?;
    let before = person.objects()?;

    let generated = person.generated()?;
    let validated = person.mirrorctl(&["validate", "-"], generated.as_bytes())?;
    let findings = String::from_utf8_lossy(&validated.stdout);
    ensure!(validated.status.success(), "validate: {findings}");
    ensure!(!findings.contains("TM007"), "something is not known: {findings}");
    person.kubectl(&["apply", "-f", "-"], &generated)?;
    stage.wait_until_copying(&primary)?;
    stage.expect_copied(&primary, "of-the-cluster", 50)?;
    // Again, now that the job is there.
    person.kubectl(&["apply", "-f", "-"], &person.generated()?)?;

    let stopped = command::printed(
        "mirrorctl",
        &person.mirrorctl(&["offline", JOB, "-n", &stage.namespace], b"")?,
    )?;
    person.kubectl(&["apply", "-f", "-"], &stopped)?;
    let remove = ["offline", JOB, "-n", &stage.namespace, "--step", "remove"];
    let removed = command::printed("mirrorctl", &person.mirrorctl(&remove, b"")?)?;
    person.kubectl(&["delete", "-f", "-"], &removed)?;
    wait::until("the objects of before", PATIENCE, || {
        Ok(match person.objects()? == before {
            true => Found::Yes(()),
            false => Found::NotYet("some of the job's are there".to_owned()),
        })
    })?;
    primary.expect_unharmed("after-the-job", 50)?;

    let gone = person.mirrorctl(&["offline", JOB, "-n", &stage.namespace], b"")?;
    let said = String::from_utf8_lossy(&gone.stderr);
    ensure!(gone.status.code() == Some(5), "offline of no job: {said}");
    Ok(())
}

// === impl Person ===

impl<'a> Person<'a> {
    /// A service account of the namespace, which may nothing yet, with a kubeconfig of its own.
    fn new(stage: &'a Stage) -> Result<Self> {
        let namespace = &stage.namespace;
        kubectl(&["create", "serviceaccount", "person", "--namespace", namespace], b"")?;
        let token = kubectl(&["create", "token", "person", "--namespace", namespace], b"")?;
        let raw = ["config", "view", "--raw", "--flatten", "--output", "json"];
        let known: Value = serde_json::from_str(&kubectl(&raw, b"")?)?;
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "person",
            "clusters": known["clusters"],
            "users": [{"name": "person", "user": {"token": token.trim()}}],
            "contexts": [{"name": "person", "context": {
                "cluster": known["clusters"][0]["name"], "user": "person", "namespace": namespace,
            }}],
        });
        let kubeconfig = PathBuf::from(KUBECONFIG).with_file_name("kubeconfig-of-person");
        std::fs::write(&kubeconfig, config.to_string()).context("cannot write a kubeconfig")?;
        Ok(Self { stage, kubeconfig })
    }

    fn is_told_what_right_is_missing(&self) -> Result<()> {
        let refused = self.generate()?;
        let said = String::from_utf8_lossy(&refused.stderr);
        ensure!(refused.status.code() == Some(1), "without a right: {said}");
        ensure!(
            said.contains("no right to list") && said.contains("mirrorctl rbac"),
            "{said}"
        );
        Ok(())
    }

    fn is_given_the_roles(&self) -> Result<()> {
        let roles = command::printed("mirrorctl", &self.mirrorctl(&["rbac"], b"")?)?;
        kubectl(&["apply", "-f", "-"], roles.as_bytes())?;
        let of_person = format!("--serviceaccount={}:person", self.stage.namespace);
        let read = [
            "create",
            "clusterrolebinding",
            "person-reads",
            "--clusterrole=mirrorctl-read",
        ];
        kubectl(&[&read[..], &[&of_person]].concat(), b"")?;
        for role in ["mirrorctl-create", "mirrorctl-offline"] {
            let role = format!("--clusterrole={role}");
            let binding = [
                "create",
                "rolebinding",
                role.trim_start_matches("--clusterrole="),
                &role,
            ];
            kubectl(
                &[&binding[..], &["--namespace", &self.stage.namespace, &of_person]].concat(),
                b"",
            )?;
        }
        Ok(())
    }

    fn generate(&self) -> Result<Output> {
        let job = "generate reviews-v2 --service reviews --port 9080 --backend reviews-v2 --for 2h --module";
        let mut args: Vec<&str> = job.split(' ').collect();
        args.extend([&self.stage.mesh.module_url, "-n", &self.stage.namespace]);
        self.mirrorctl(&args, b"")
    }

    fn generated(&self) -> Result<String> {
        command::printed("mirrorctl", &self.generate()?)
    }

    fn mirrorctl(&self, args: &[&str], input: &[u8]) -> Result<Output> {
        let mut mirrorctl = Command::new(&self.stage.mesh.programs.mirrorctl);
        command::run(mirrorctl.args(args).env("KUBECONFIG", &self.kubeconfig), input)
    }

    fn kubectl(&self, args: &[&str], input: &str) -> Result<()> {
        let mut kubectl = kube::command(args);
        command::output(kubectl.env("KUBECONFIG", &self.kubeconfig), input.as_bytes())?;
        Ok(())
    }

    /// The names of what a job may make or change.
    fn objects(&self) -> Result<String> {
        let kinds = "services,deployments,virtualservices,destinationrules,trafficextensions,wasmplugins";
        kubectl(
            &["get", kinds, "--namespace", &self.stage.namespace, "--output", "name"],
            b"",
        )
    }
}
