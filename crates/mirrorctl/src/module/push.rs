//! Brings an image to a registry (distribution specification, "Push"): what is there already is not sent again.

use ureq::http::{Method, StatusCode};

use super::answer::Answer;
use super::client::{Access, Client, Question};
use super::image::{Blob, Image, MANIFEST};
use super::reference::Reference;
use super::url;
use crate::error::Result;

const BYTES: &str = "application/octet-stream";

/// What a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// All that was missing was sent.
    Sent,
    /// The image was there, and the tag did not name it.
    Tagged,
    /// The image was there under this tag.
    Known,
}

/// Pushes an image under a tag.
///
/// # Errors
/// The registry cannot be reached in time, does not let one in, or refuses what is sent; what is wrong with files of
/// credentials.
pub fn push(image: &Image, reference: &Reference, tag: &str, access: Access<'_>) -> Result<Pushed> {
    let mut registry = Registry {
        client: Client::new(access, reference)?,
        base: format!("/v2/{}", reference.name),
    };
    let digest = image.manifest.digest.as_str();
    if registry.manifest(digest)?.is_some() {
        if registry.manifest(tag)?.as_deref() == Some(digest) {
            return Ok(Pushed::Known);
        }
        registry.tag(image, tag)?;
        return Ok(Pushed::Tagged);
    }
    for blob in &image.blobs {
        registry.blob(blob)?;
    }
    registry.tag(image, tag)?;
    Ok(Pushed::Sent)
}

/// One repository.
struct Registry<'a> {
    client: Client<'a>,
    /// `/v2/NAME`.
    base: String,
}

// === impl Registry ===

impl Registry<'_> {
    /// The digest of the manifest of a tag or a digest; `None` if there is none, or if one may not know.
    fn manifest(&mut self, of: &str) -> Result<Option<String>> {
        let answer = self.look(&format!("{}/manifests/{of}", self.base), MANIFEST, "tell what it has")?;
        Ok(answer.map(|answer| answer.header("docker-content-digest").unwrap_or(of).to_owned()))
    }

    /// Sends a blob, if it is not there.
    fn blob(&mut self, blob: &Blob) -> Result<()> {
        let digest = blob.digest.as_str();
        if self
            .look(&format!("{}/blobs/{digest}", self.base), BYTES, "tell what it has")?
            .is_some()
        {
            return Ok(());
        }
        let begun = self.client.ask(&Question {
            method: &Method::POST,
            target: &format!("{}/blobs/uploads/", self.base),
            media_type: BYTES,
            body: Some(b""),
        })?;
        let location = begun
            .header("location")
            .filter(|_| begun.status == StatusCode::ACCEPTED)
            .ok_or_else(|| self.client.refusal().refused("take an upload", &begun))?;
        let place = url::resolve(&begun.url, location);
        let joint = if place.contains('?') { '&' } else { '?' };
        let sent = self.client.ask(&Question {
            method: &Method::PUT,
            target: &format!("{place}{joint}digest={digest}"),
            media_type: BYTES,
            body: Some(&blob.bytes),
        })?;
        self.created(&sent, "take a blob")
    }

    /// Sends the manifest under a tag.
    fn tag(&mut self, image: &Image, tag: &str) -> Result<()> {
        let sent = self.client.ask(&Question {
            method: &Method::PUT,
            target: &format!("{}/manifests/{tag}", self.base),
            media_type: MANIFEST,
            body: Some(&image.manifest.bytes),
        })?;
        self.created(&sent, "take the manifest")?;
        match sent.header("docker-content-digest") {
            Some(taken) if taken != image.manifest.digest => {
                Err(self.client.refusal().other_digest(&image.manifest.digest, taken))
            }
            _ => Ok(()),
        }
    }

    /// Whether something is there. Some registries answer 403 for what they do not have; pushing tells which it is.
    fn look(&mut self, target: &str, media_type: &str, asked: &str) -> Result<Option<Answer>> {
        let answer = self.client.ask(&Question {
            method: &Method::HEAD,
            target,
            media_type,
            body: None,
        })?;
        match answer.status.as_u16() {
            200..=299 => Ok(Some(answer)),
            400..=499 => Ok(None),
            _ => Err(self.client.refusal().refused(asked, &answer)),
        }
    }

    fn created(&self, answer: &Answer, asked: &str) -> Result<()> {
        match answer.status.is_success() {
            true => Ok(()),
            false => Err(self.client.refusal().refused(asked, answer)),
        }
    }
}
