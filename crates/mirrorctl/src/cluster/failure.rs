//! What went wrong at the API server, in words, with the next step; never with a credential.

use std::error::Error as _;

use kube::client::AuthError;

use super::Cluster;
use crate::error::Error;
use crate::objects::Kind;

/// What kept a request from being answered.
pub(super) fn problem(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.code == 401 => {
            "the API server does not accept the credentials (401); log in again, as kubectl would have you do"
                .to_owned()
        }
        kube::Error::Api(status) => match status.message.as_str() {
            "" => format!("the API server answers {}", status.code),
            message => message.to_owned(),
        },
        kube::Error::Auth(error) => credentials(error),
        // Its URL may hold a password.
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            "the kubeconfig has a `proxy-url`, which is not supported; leave it out, or give the objects by --objects"
                .to_owned()
        }
        other => root(other),
    }
}

/// What kept credentials from being had. A plugin's command and its output may hold a token, so neither is said.
fn credentials(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecRun { out, .. } => format!(
            "the credential plugin of the kubeconfig failed ({}); to see what it says: kubectl version",
            out.status
        ),
        AuthError::AuthExecStart(error) => format!("the credential plugin cannot be run: {error}"),
        AuthError::AuthExecParse(_) => "the credential plugin printed no ExecCredential".to_owned(),
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => {
            "the kubeconfig's credentials are no text that a header can have".to_owned()
        }
        other => other.to_string(),
    }
}

/// The innermost cause, which is what a person can act on: `Connection refused`.
fn root(error: &kube::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

impl Cluster {
    /// Why objects of a kind could not be listed.
    pub(super) fn list_error(&self, kind: Kind, namespace: Option<&str>, error: &kube::Error) -> Error {
        match error {
            kube::Error::Api(status) if status.code == 403 => {
                let (scope, role) = match namespace {
                    Some(namespace) => (format!("namespace {namespace}"), "Role"),
                    None => ("all namespaces".to_owned(), "ClusterRole"),
                };
                Error::Failed(format!(
                    "context {}: no right to list {} in {scope}; a {role} with the rule {{apiGroups: [\"{}\"], resources: [{}], verbs: [get, list]}} gives it; all that is needed: mirrorctl rbac",
                    self.context,
                    kind.resource,
                    kind.group,
                    kind.plural()
                ))
            }
            error => self.error(error),
        }
    }

    /// Why a request was not answered.
    pub(super) fn error(&self, error: &kube::Error) -> Error {
        Error::Failed(format!("context {}: {}", self.context, problem(error)))
    }
}
