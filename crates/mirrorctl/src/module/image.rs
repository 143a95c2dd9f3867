//! The image that carries the filter: an OCI manifest for one platform, whose last layer is a compressed tar with a
//! file named `plugin.wasm` (Istio: `pkg/wasm/imagefetcher.go`, `extractOCIStandardImage`). The digest that Istio
//! compares is that of the manifest. Nothing here asks a clock, so the same module is the same image.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use ring::digest::SHA256;
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

/// The media type of the manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A piece of content that is known by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// `sha256:` and 64 of 0-9 and a-f.
    pub digest: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What names the others. Its digest is the image's.
    pub manifest: Blob,
    /// The configuration, then the layer.
    pub blobs: [Blob; 2],
}

/// The digest of bytes, as registries write it.
pub fn digest(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&SHA256, bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

// === impl Blob ===

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            digest: digest(&bytes),
            bytes,
        }
    }

    fn described(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

// === impl Image ===

impl Image {
    /// The image of a module.
    ///
    /// # Errors
    /// What writing to memory refuses.
    pub fn new(wasm: &[u8]) -> io::Result<Self> {
        let files = tar(&[("plugin.wasm", wasm)])?;
        // Without a time and without the name of a system.
        let mut layer = GzBuilder::new()
            .operating_system(255)
            .write(Vec::new(), Compression::best());
        layer.write_all(&files)?;
        let layer = Blob::new(layer.finish()?);
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(&files)]},
        });
        let config = Blob::new(config.to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.described(CONFIG),
            "layers": [layer.described(LAYER)],
        });
        Ok(Self {
            manifest: Blob::new(manifest.to_string().into_bytes()),
            blobs: [config, layer],
        })
    }

    /// The image as an OCI archive: the tar of an OCI image layout, with this tag.
    ///
    /// # Errors
    /// What writing to memory refuses.
    pub fn archive(&self, tag: &str) -> io::Result<Vec<u8>> {
        let mut described = self.manifest.described(MANIFEST);
        if let Some(object) = described.as_object_mut() {
            object.insert(
                "annotations".to_owned(),
                json!({"org.opencontainers.image.ref.name": tag}),
            );
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [described],
        });
        let index = index.to_string();
        let [config, layer] = &self.blobs;
        let path = |blob: &Blob| format!("blobs/{}", blob.digest.replace(':', "/"));
        let paths = [path(config), path(layer), path(&self.manifest)];
        let [config_path, layer_path, manifest_path] = &paths;
        tar(&[
            ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
            ("index.json", index.as_bytes()),
            (config_path, &config.bytes),
            (layer_path, &layer.bytes),
            (manifest_path, &self.manifest.bytes),
        ])
    }
}

/// A tar with these files, of nobody and of no time.
fn tar(files: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(u64::try_from(bytes.len()).map_err(io::Error::other)?);
        tar.append_data(&mut header, path, *bytes)?;
    }
    tar.into_inner()
}
