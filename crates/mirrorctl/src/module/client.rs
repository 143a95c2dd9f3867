//! Asks a registry: with credentials once it wants some, along redirects, over TLS or, where that is allowed, without.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Method, Request, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};

use super::answer::Answer;
use super::challenge::{self, Challenge};
use super::credentials::Credentials;
use super::login::{Login, Logins};
use super::reference::Reference;
use super::refusal::Refusal;
use super::url;
use crate::error::Result;
use crate::transport::{self, problem};

/// How often one is sent on.
const MAX_REDIRECTS: usize = 5;

/// How a registry is reached.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// A file with certificates in PEM that are trusted instead of the system's.
    pub ca_file: Option<&'a Path>,
    /// Whether TLS without a known certificate, and no TLS, will do.
    pub insecure: bool,
    /// How long one answer may take.
    pub patience: Duration,
    /// Where credentials are.
    pub logins: &'a Logins,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// `HEAD`, `POST`, `PUT`.
    pub method: &'a Method,
    /// Behind the registry, `/v2/…`, or a whole URL.
    pub target: &'a str,
    /// The media type of the body, or of the wanted answer where there is none.
    pub media_type: &'a str,
    /// What is sent, if anything.
    pub body: Option<&'a [u8]>,
}

/// Asks one registry about one image.
pub struct Client<'a> {
    agent: Agent,
    access: Access<'a>,
    reference: &'a Reference,
    /// The registry, `SCHEME://HOST`.
    base: String,
    /// The value of `authorization` for the registry, once it has asked for one.
    authorization: Option<String>,
    /// Whose credentials these are, for messages.
    login: Option<String>,
}

// === impl Client ===

impl<'a> Client<'a> {
    /// A client of the registry of an image. Nobody is asked yet.
    ///
    /// # Errors
    /// If the file of certificates cannot be read or holds none.
    pub fn new(access: Access<'a>, reference: &'a Reference) -> Result<Self> {
        let roots = match access.ca_file {
            Some(file) => RootCerts::from(transport::certificates(file)?),
            None => RootCerts::PlatformVerifier,
        };
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .disable_verification(access.insecure)
            .build();
        let mut config = Agent::config_builder()
            .timeout_global(Some(access.patience))
            .user_agent(concat!("mirrorctl/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // They are followed here, where it is known who may get credentials.
            .max_redirects(0)
            .tls_config(tls);
        if reference.is_local() {
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().into(),
            base: format!("https://{}", reference.host()),
            access,
            reference,
            authorization: None,
            login: None,
        })
    }

    /// What the registry answers, whatever that is.
    ///
    /// # Errors
    /// It does not answer, wants what is not there, or sends one where one may not be sent.
    pub fn ask(&mut self, question: &Question<'_>) -> Result<Answer> {
        let answer = self.follow(question)?;
        if answer.status != StatusCode::UNAUTHORIZED || !self.is_registry(&answer.url) {
            return Ok(answer);
        }
        // A token may have become too old meanwhile, so it is asked for anew once in each question.
        self.authorize(&answer)?;
        let answer = self.follow(question)?;
        match answer.status {
            StatusCode::UNAUTHORIZED => Err(self.refusal().unauthorized(&answer)),
            _ => Ok(answer),
        }
    }

    /// What may be said about a refusal of this registry.
    pub fn refusal(&self) -> Refusal<'_> {
        Refusal {
            reference: self.reference,
            login: self.login.as_deref(),
            looked_in: &self.access.logins.files,
        }
    }

    fn is_registry(&self, url: &str) -> bool {
        url::origin(url) == self.base
    }

    /// May be plain: on this machine, as for Docker, or where the user says so. A file of certificates says that it is
    /// not.
    fn may_be_plain(&self) -> bool {
        self.access.insecure || (self.reference.is_local() && self.access.ca_file.is_none())
    }

    fn follow(&mut self, question: &Question<'_>) -> Result<Answer> {
        let mut target = url::resolve(&self.base, question.target);
        for _ in 0..=MAX_REDIRECTS {
            let authorization = self.authorization.clone().filter(|_| self.is_registry(&target));
            let sent = self.send(&target, question, authorization.as_deref());
            let answer = match sent {
                Err(error) if self.is_registry(&target) && self.falls_back(&error) => {
                    target = format!("http://{}", target.trim_start_matches("https://"));
                    self.base = format!("http://{}", self.reference.host());
                    self.send(&target, question, authorization.as_deref())
                        .map_err(|error| self.unanswered(&target, &error))?
                }
                sent => sent.map_err(|error| self.unanswered(&target, &error))?,
            };
            let Some(location) = answer.redirect() else {
                return Ok(answer);
            };
            let next = url::resolve(&target, location);
            if target.starts_with("https://") && !next.starts_with("https://") && !self.access.insecure {
                return Err(self.refusal().downgrade(&target, &next));
            }
            target = next;
        }
        Err(self.refusal().astray(&target, MAX_REDIRECTS))
    }

    /// Whether to try without TLS: the server is there and does not speak it, or only the plain port is there.
    fn falls_back(&self, error: &ureq::Error) -> bool {
        let certificate = problem(error, self.access.patience).contains("certificate");
        let late = matches!(error, ureq::Error::Timeout(_) | ureq::Error::HostNotFound);
        self.may_be_plain() && self.base.starts_with("https://") && !certificate && !late
    }

    fn unanswered(&self, url: &str, error: &ureq::Error) -> crate::error::Error {
        self.refusal().unanswered(url, error, self.access.patience)
    }

    fn send(
        &self,
        url: &str,
        question: &Question<'_>,
        authorization: Option<&str>,
    ) -> std::result::Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(question.method).uri(url);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let sent = match question.body {
            Some(body) => {
                let request = request.header("content-type", question.media_type).body(body);
                self.agent.run(request.map_err(ureq::Error::Http)?)
            }
            None => {
                let request = request.header("accept", question.media_type).body(());
                self.agent.run(request.map_err(ureq::Error::Http)?)
            }
        };
        Answer::read(sent?, url)
    }

    /// Does what the registry asks for, so that the next question is let in.
    fn authorize(&mut self, answer: &Answer) -> Result<()> {
        let values = answer.headers.get_all("www-authenticate").iter();
        let Some(challenge) = values.filter_map(|value| challenge::parse(value.to_str().ok()?)).next() else {
            return Err(self.refusal().unauthorized(answer));
        };
        let login = self.access.logins.of(self.reference)?;
        self.login = login.as_ref().map(|login| login.origin.clone());
        let credentials = login.map(|Login { credentials, .. }| credentials);
        let value = match (challenge, credentials) {
            (_, Some(Credentials::Bearer(token))) => format!("Bearer {token}"),
            (Challenge::Basic, Some(Credentials::Password { name, password })) => Credentials::basic(&name, &password),
            (Challenge::Basic, _) => return Err(self.refusal().unauthorized(answer)),
            (Challenge::Bearer { realm, service, scope }, credentials) => {
                let scope = scope.filter(|scope| scope.contains("push"));
                let scope = scope.unwrap_or_else(|| format!("repository:{}:pull,push", self.repository()));
                let service = service.unwrap_or_default();
                let token = self.token(&realm, &[("service", &service), ("scope", &scope)], credentials)?;
                format!("Bearer {token}")
            }
        };
        self.authorization = Some(value);
        Ok(())
    }

    /// The name of the repository, as the registry is asked about it.
    fn repository(&self) -> &str {
        &self.reference.name
    }

    /// The token that the server at the realm gives (distribution's token and OAuth2 specifications).
    fn token(&self, realm: &str, about: &[(&str, &str)], credentials: Option<Credentials>) -> Result<String> {
        let is_plain = !realm.starts_with("https://");
        if is_plain && self.base.starts_with("https://") && !self.access.insecure {
            return Err(self.refusal().downgrade(&self.base, realm));
        }
        let about = about.iter().filter(|(_, value)| !value.is_empty()).copied();
        let sent = match credentials {
            Some(Credentials::Identity(token)) => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", "mirrorctl"),
                    ("refresh_token", &token),
                ];
                self.agent.post(realm).send_form(about.chain(form))
            }
            Some(Credentials::Password { name, password }) => {
                let basic = Credentials::basic(&name, &password);
                let request = self.agent.get(realm).query_pairs(about);
                request.header("authorization", basic).call()
            }
            _ => self.agent.get(realm).query_pairs(about).call(),
        };
        let answer = sent
            .and_then(|response| Answer::read(response, realm))
            .map_err(|error| self.unanswered(realm, &error))?;
        if !answer.status.is_success() {
            return Err(self.refusal().unauthorized(&answer));
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = ["token", "access_token"]
            .into_iter()
            .find_map(|key| body.get(key)?.as_str());
        let token = token.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        token.map(str::to_owned).ok_or_else(|| self.refusal().no_token(realm))
    }
}
