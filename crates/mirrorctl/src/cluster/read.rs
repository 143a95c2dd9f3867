//! Objects of a cluster as documents, as `kubectl get -o yaml` would print them.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use kube::api::{DynamicObject, ListParams};
use kube::core::{ApiResource, Request};
use kube::discovery::Discovery;
use kube::{Client, Resource};
use serde_json::Value;

use super::Cluster;
use super::selection::{Listing, Selection};
use crate::error::{Error, Result};
use crate::input::Document;
use crate::objects::{Kind, at, kinds};
use crate::place::Place;

/// How many objects are asked for at once, as kubectl does.
const PAGE: u32 = 500;

/// How many kinds are listed at the same time.
const AT_ONCE: usize = 4;

/// How the API server calls the kinds that it has, by group and kind.
type Known = BTreeMap<(&'static str, &'static str), ApiResource>;

impl Cluster {
    /// The objects of a selection, each a document of its own. A kind that the cluster does not have has no objects.
    /// `say` is told in one line how far it is.
    ///
    /// # Errors
    /// The API server cannot be reached, or a right is missing.
    pub fn documents(&self, selection: &Selection, say: &mut dyn FnMut(&str)) -> Result<Vec<Document>> {
        self.runtime.block_on(self.read(&selection.listings(), say))
    }

    async fn read(&self, listings: &[Listing], say: &mut dyn FnMut(&str)) -> Result<Vec<Document>> {
        say(&format!("asking the cluster of context {} …", self.context));
        let known = self.known(listings).await?;
        let wanted = listings.iter().filter_map(|listing| {
            let resource = known.get(&(listing.kind.group, listing.kind.kind))?;
            Some(self.list(listing, resource))
        });
        let mut answers = stream::iter(wanted).buffered(AT_ONCE);
        let mut documents: Vec<Document> = Vec::new();
        while let Some(found) = answers.try_next().await? {
            documents.extend(found);
            say(&format!("{} objects of context {} …", documents.len(), self.context));
        }
        Ok(documents)
    }

    /// What the cluster calls the kinds of these listings.
    async fn known(&self, listings: &[Listing]) -> Result<Known> {
        let mut groups: Vec<&str> = listings.iter().map(|listing| listing.kind.group).collect();
        groups.sort_unstable();
        groups.dedup();
        let discovery = Discovery::new(self.client.clone()).filter(&groups);
        let discovery = discovery.run_aggregated().await.map_err(|error| self.error(&error))?;
        let mut known = Known::new();
        for Listing { kind, .. } in listings {
            let Some(group) = discovery.get(kind.group) else {
                continue;
            };
            // A kind may be served in another version than its group prefers, as EnvoyFilter is.
            let mut resources = group.resources_by_stability().into_iter();
            if let Some((resource, _)) = resources.find(|(resource, _)| resource.kind == kind.kind) {
                known.insert((kind.group, kind.kind), resource);
            }
        }
        Ok(known)
    }

    /// Every object of a listing, page by page.
    async fn list(&self, listing: &Listing, resource: &ApiResource) -> Result<Vec<Document>> {
        let namespace = listing.namespace.as_deref();
        let request = Request::new(DynamicObject::url_path(resource, namespace));
        let mut found = Vec::new();
        let mut params = ListParams::default().limit(PAGE);
        loop {
            let page = page(&self.client, &request, &params).await;
            let mut page = match page {
                Ok(page) => page,
                // A page came so late that the list is no longer known: the list is begun anew.
                Err(kube::Error::Api(status)) if status.code == 410 && params.continue_token.is_some() => {
                    found.clear();
                    params = ListParams::default();
                    continue;
                }
                // A definition that was removed since.
                Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Vec::new()),
                // Without the mesh's settings a finding says that they are not given.
                Err(kube::Error::Api(status)) if status.code == 403 && listing.kind == kinds::CONFIG_MAP => {
                    return Ok(Vec::new());
                }
                Err(error) => return Err(self.list_error(listing.kind, namespace, &error)),
            };
            let items = page.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
            let items = items.ok_or_else(|| {
                Error::Failed(format!(
                    "context {}: no list of {}",
                    self.context, listing.kind.resource
                ))
            })?;
            let wanted = items.into_iter().filter(|value| is_wanted(listing.kind, value));
            found.extend(wanted.map(|value| self.document(value, resource)));
            match at(&page, &["metadata", "continue"]).and_then(Value::as_str) {
                Some(token) if !token.is_empty() => params = params.continue_token(token),
                _ => return Ok(found),
            }
        }
    }

    /// An object as kubectl prints it. A list of the API server's own kinds leaves kind and version out.
    fn document(&self, mut value: Value, resource: &ApiResource) -> Document {
        if let Some(fields) = value.as_object_mut() {
            let own = std::mem::take(fields);
            fields.insert("apiVersion".to_owned(), resource.api_version.clone().into());
            fields.insert("kind".to_owned(), resource.kind.clone().into());
            fields.extend(own);
            if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.shift_remove("managedFields");
            }
        }
        Document {
            place: Place::file(format!("context {}", self.context)),
            value,
        }
    }
}

async fn page(client: &Client, request: &Request, params: &ListParams) -> std::result::Result<Value, kube::Error> {
    let request = request.list(params).map_err(kube::Error::BuildRequest)?;
    client.request(request).await
}

/// Of the ConfigMaps only those with the mesh's settings: others may hold what is no matter of ours.
fn is_wanted(kind: Kind, value: &Value) -> bool {
    kind != kinds::CONFIG_MAP || at(value, &["data", "mesh"]).is_some()
}
