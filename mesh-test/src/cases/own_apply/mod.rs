//! Objects of the user stay theirs: after each step of `mirrorctl` their own `kubectl apply` works and takes our change
//! out, and a change by another hand is noticed: by the next step, or by the API server for those who want that.

use std::process::{Command, Output};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::command;
use crate::kube::{self, kubectl};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

const RECORD: &str = "traffic-mirror.dev/original";
const KEEP: &str = "--keep-resource-version";
/// How those apply who want the API server to refuse what changed since it was read.
const BY_SERVER: [&str; 4] = ["--server-side", "--force-conflicts", "--field-manager", "mirrorctl"];
const NOTICED: &str = "was changed by someone else too";

/// The file of the user, and what somebody else changes in it.
struct Own<'a> {
    stage: &'a Stage,
    resource: &'static str,
    api: &'static str,
    file: String,
    change: &'static str,
}

pub(super) fn run(stage: &Stage) -> Result<()> {
    let namespace = &stage.namespace;
    let metadata = format!("metadata: {{name: own, namespace: {namespace}, labels: {{team: reviews}}}}");
    for own in [
        Own {
            stage,
            resource: "virtualservice",
            api: "istio",
            file: format!(
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\n{metadata}\nspec: {{hosts: [reviews], http: [{{route: [{{destination: {{host: reviews, port: {{number: 9080}}}}}}]}}]}}\n"
            ),
            change: r#"[{"op": "add", "path": "/spec/http/0/timeout", "value": "3s"}]"#,
        },
        Own {
            stage,
            resource: "httproute",
            api: "gateway",
            file: format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n{metadata}\nspec: {{parentRefs: [{{group: \"\", kind: Service, name: reviews, port: 9080}}], rules: [{{backendRefs: [{{name: reviews, port: 9080}}]}}]}}\n"
            ),
            change: r#"[{"op": "add", "path": "/spec/rules/0/timeouts", "value": {"request": "3s"}}]"#,
        },
    ] {
        own.works_after_each_step()?;
        own.is_noticed_in_the_next_step()?;
        own.is_refused_by_the_api_server()?;
        own.mends_what_cannot_be_applied()?;
        own.delete()?;
    }
    Ok(())
}

// === impl Own ===

impl Own<'_> {
    fn works_after_each_step(&self) -> Result<()> {
        let (stop, restore) = (&["offline"][..], &["offline", "--restore-original"][..]);
        for steps in [
            &[&["generate"][..]][..],
            &[&["generate"], &["generate"]],
            &[&["generate"], stop],
            &[&["generate"], stop, restore],
            &[&["generate"], restore],
        ] {
            self.apply_own()?;
            let was = self.live()?;
            for step in steps {
                self.apply(&command::printed("mirrorctl", &self.mirrorctl(step)?)?, &[])?;
            }
            self.apply_own()?;
            let now = self.live()?;
            ensure!(now["spec"] == was["spec"], "after {steps:?}: {now:#}");
            ensure!(
                now["metadata"]["annotations"][RECORD].is_null(),
                "after {steps:?}: {now:#}"
            );
        }
        self.delete()
    }

    fn is_noticed_in_the_next_step(&self) -> Result<()> {
        self.apply_own()?;
        let generated = command::printed("mirrorctl", &self.mirrorctl(&["generate"])?)?;
        self.patch()?;
        self.apply(&generated, &[])?;
        for step in [&["offline"][..], &["offline", "--restore-original"], &["generate"]] {
            let said = self.mirrorctl(step)?;
            let said = String::from_utf8_lossy(&said.stderr);
            ensure!(said.contains(NOTICED), "{step:?} says: {said}");
        }
        self.delete()?;
        // Without another hand nothing is said.
        self.apply_own()?;
        self.apply(&command::printed("mirrorctl", &self.mirrorctl(&["generate"])?)?, &[])?;
        let said = self.mirrorctl(&["offline"])?;
        let noted = String::from_utf8_lossy(&said.stderr);
        ensure!(!noted.contains(NOTICED), "offline says: {noted}");
        self.apply(&command::printed("mirrorctl", &said)?, &[])?;
        let said = self.mirrorctl(&["offline", "--restore-original"])?;
        let noted = String::from_utf8_lossy(&said.stderr);
        ensure!(!noted.contains(NOTICED), "offline says: {noted}");
        self.delete()
    }

    fn is_refused_by_the_api_server(&self) -> Result<()> {
        for step in [
            &["generate", KEEP][..],
            &["offline", KEEP],
            &["offline", "--restore-original", KEEP],
        ] {
            self.apply_own()?;
            if step[0] == "offline" {
                self.apply(
                    &command::printed("mirrorctl", &self.mirrorctl(&["generate", KEEP])?)?,
                    &BY_SERVER,
                )?;
            }
            let old = command::printed("mirrorctl", &self.mirrorctl(step)?)?;
            kubectl(&[&self.of("label")[..], &["another=hand"]].concat(), b"")?;
            let refused = self.apply(&old, &BY_SERVER);
            let error = refused.err().map(|error| format!("{error:#}")).unwrap_or_default();
            ensure!(error.contains("the object has been modified"), "{step:?}: {error}");
            self.apply(&command::printed("mirrorctl", &self.mirrorctl(step)?)?, &BY_SERVER)?;
            self.apply_own()?;
            self.delete()?;
        }
        Ok(())
    }

    /// An object that was applied as it was read cannot be applied again. A note says so, and what helps.
    fn mends_what_cannot_be_applied(&self) -> Result<()> {
        self.apply_own()?;
        let read = kubectl(&[&self.of("get")[..], &["--output", "yaml"]].concat(), b"")?;
        self.apply(&read, &[])?;
        let said = self.mirrorctl(&["generate"])?;
        let noted = String::from_utf8_lossy(&said.stderr);
        ensure!(
            noted.contains("kubectl apply set-last-applied"),
            "generate says: {noted}"
        );
        ensure!(
            self.apply(&command::printed("mirrorctl", &said)?, &[]).is_err(),
            "it was not refused"
        );
        kubectl(&["apply", "set-last-applied", "-f", "-"], self.file.as_bytes())?;
        self.apply(&command::printed("mirrorctl", &self.mirrorctl(&["generate"])?)?, &[])?;
        self.apply_own()?;
        self.delete()
    }

    /// Runs a step for the objects as they are now.
    fn mirrorctl(&self, step: &[&str]) -> Result<Output> {
        let kinds = "services,virtualservices,httproutes";
        let objects = kubectl(
            &["get", kinds, "--namespace", &self.stage.namespace, "--output", "yaml"],
            b"",
        )?;
        let mut mirrorctl = Command::new(&self.stage.mesh.programs.mirrorctl);
        mirrorctl.args(step).args(["reviews-v2", "--objects", "-"]);
        if step[0] == "generate" {
            let job = "--engine native --service reviews --port 9080 --backend reviews-v2 --expires-at never --api";
            mirrorctl
                .args(job.split(' '))
                .arg(self.api)
                .args(["-n", &self.stage.namespace]);
        }
        command::run(&mut mirrorctl, objects.as_bytes())
    }

    fn apply_own(&self) -> Result<()> {
        self.apply(&self.file, &[])
    }

    fn apply(&self, objects: &str, more: &[&str]) -> Result<()> {
        kubectl(&[&["apply", "-f", "-"], more].concat(), objects.as_bytes())?;
        Ok(())
    }

    fn patch(&self) -> Result<()> {
        kubectl(
            &[&self.of("patch")[..], &["--type", "json", "--patch", self.change]].concat(),
            b"",
        )?;
        Ok(())
    }

    fn delete(&self) -> Result<()> {
        kubectl(&[&self.of("delete")[..], &["--ignore-not-found"]].concat(), b"")?;
        Ok(())
    }

    fn live(&self) -> Result<Value> {
        kube::get(&self.stage.namespace, &[self.resource, "own"])
    }

    fn of(&self, verb: &'static str) -> [&str; 5] {
        [verb, "--namespace", &self.stage.namespace, self.resource, "own"]
    }
}
