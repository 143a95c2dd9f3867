//! Where kubeconfigs are, and how one becomes a client.

use std::path::{Path, PathBuf};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;

use super::failure::problem;
use super::{ANSWER, CONNECT, Cluster};
use crate::error::{Error, Result};

/// Where kubeconfigs are looked for. `main` takes it from the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kubeconfigs {
    /// The files of KUBECONFIG, or else ~/.kube/config. The first one that sets a value wins. Files that do not exist
    /// are left out, as kubectl does.
    pub files: Vec<PathBuf>,
    /// Whether this is a pod, which has a service account.
    pub is_in_cluster: bool,
}

// === impl Kubeconfigs ===

impl Kubeconfigs {
    /// Whether one of the files exists, or the pod has an account.
    pub(super) fn are_given(&self) -> bool {
        self.is_in_cluster || self.files.iter().any(|file| file.exists())
    }

    /// The namespace of the context. Returns `None` if there is no kubeconfig.
    ///
    /// # Errors
    /// As [`Kubeconfigs::connect`].
    pub(super) fn namespace(&self, file: Option<&Path>, context: Option<&str>) -> Result<Option<String>> {
        let found = self.config(file, context, &runtime()?)?;
        Ok(found.map(|(config, _)| config.default_namespace))
    }

    /// The cluster of a kubeconfig; without a file those of the environment, or the pod's own. Returns `None` if there
    /// is none and no file and no context is named.
    ///
    /// # Errors
    /// A file cannot be read or is no kubeconfig, or there is no such context.
    pub(super) fn connect(&self, file: Option<&Path>, context: Option<&str>) -> Result<Option<Cluster>> {
        let runtime = runtime()?;
        match self.config(file, context, &runtime)? {
            Some((config, context)) => cluster(config, context, runtime).map(Some),
            None => Ok(None),
        }
    }

    /// What a kubeconfig says of its context, and the context's name.
    fn config(
        &self,
        file: Option<&Path>,
        context: Option<&str>,
        runtime: &Runtime,
    ) -> Result<Option<(Config, String)>> {
        let known: Vec<&Path> = match file {
            Some(file) => vec![file],
            None => self
                .files
                .iter()
                .map(PathBuf::as_path)
                .filter(|file| file.exists())
                .collect(),
        };
        if known.is_empty() && context.is_none() && self.is_in_cluster {
            let config =
                Config::incluster().map_err(|error| Error::Failed(format!("the pod's service account: {error}")))?;
            return Ok(Some((config, "in-cluster".to_owned())));
        }
        if known.is_empty() {
            return match context {
                None => Ok(None),
                Some(context) => Err(Error::Usage(format!(
                    "--context {context}: there is no kubeconfig; name one by --kubeconfig, or set KUBECONFIG"
                ))),
            };
        }
        let mut merged = Kubeconfig::default();
        for file in known {
            let refuse = |problem: String| Error::Usage(format!("{}: {problem}", file.display()));
            let next = Kubeconfig::read_from(file).map_err(|error| refuse(unreadable(&error)))?;
            merged = merged.merge(next).map_err(|error| refuse(error.to_string()))?;
        }
        let name = context.map(str::to_owned).or(merged.current_context.clone());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(Error::Usage(format!(
                "the kubeconfig has no current context; name one by --context: {}",
                contexts(&merged)
            )));
        };
        if !merged.contexts.iter().any(|known| known.name == name) {
            return Err(Error::Usage(format!(
                "the kubeconfig has no context {name}; it has {}",
                contexts(&merged)
            )));
        }
        let options = KubeConfigOptions {
            context: Some(name.clone()),
            ..KubeConfigOptions::default()
        };
        let config = runtime
            .block_on(Config::from_custom_kubeconfig(merged, &options))
            .map_err(|error| Error::Usage(format!("context {name}: {}", unreadable(&error))))?;
        Ok(Some((config, name)))
    }
}

/// What is wrong with a kubeconfig. A parser's message may quote the text, and with it a credential.
fn unreadable(error: &kube::config::KubeconfigError) -> String {
    use kube::config::KubeconfigError;
    match error {
        KubeconfigError::Parse(_) => "is no kubeconfig: its YAML cannot be read".to_owned(),
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        other => other.to_string(),
    }
}

/// The names of the contexts, in a message.
fn contexts(kubeconfig: &Kubeconfig) -> String {
    let names: Vec<&str> = kubeconfig
        .contexts
        .iter()
        .map(|context| context.name.as_str())
        .collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Failed(format!("cannot start: {error}")))
}

fn cluster(mut config: Config, context: String, runtime: Runtime) -> Result<Cluster> {
    let is_header = |token: &str| token.bytes().all(|byte| byte == b'\t' || (32..=126).contains(&byte));
    if config
        .auth_info
        .token
        .as_ref()
        .is_some_and(|token| !is_header(token.expose_secret()))
    {
        return Err(Error::Usage(format!(
            "context {context}: the user's `token` has a character that no header can have, such as a line break; write it as one word"
        )));
    }
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(ANSWER);
    config.reset_reader_on_write = true;
    // The client spawns what keeps its connections.
    let client = {
        let _guard = runtime.enter();
        Client::try_from(config).map_err(|error| Error::Failed(format!("context {context}: {}", problem(&error))))?
    };
    Ok(Cluster {
        runtime,
        client,
        context,
    })
}
