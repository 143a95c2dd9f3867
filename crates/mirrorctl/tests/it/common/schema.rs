//! The official CRDs, as they are: what is written is checked against them, whatever the tool was built with.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

/// The schemas by group, version and kind.
pub struct Schemas(BTreeMap<(String, String, String), Value>);

impl Schemas {
    /// The folder of the official CRDs, if it is there.
    pub fn folder() -> Option<PathBuf> {
        let default = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/schemas"));
        let folder = std::env::var_os("SCHEMAS_DIR").map_or(default, PathBuf::from);
        folder.is_dir().then_some(folder)
    }

    /// Every CRD of the folder.
    pub fn read(folder: &PathBuf) -> Self {
        let mut schemas = BTreeMap::new();
        for entry in fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a schema");
            for document in serde_yaml_ng::Deserializer::from_str(&text) {
                let crd = Value::deserialize(document).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                if crd["kind"] != "CustomResourceDefinition" {
                    continue;
                }
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (group, kind) = (text(&crd["spec"]["group"]), text(&crd["spec"]["names"]["kind"]));
                for version in crd["spec"]["versions"].as_array().expect("versions") {
                    let key = (group.clone(), text(&version["name"]), kind.clone());
                    // Of several channels the first one read stands; file names sort the standard channel's documents
                    // first.
                    schemas
                        .entry(key)
                        .or_insert_with(|| version["schema"]["openAPIV3Schema"].clone());
                }
            }
        }
        assert!(!schemas.is_empty(), "{} holds no CRD", folder.display());
        Self(schemas)
    }

    /// Everything that is wrong with an object.
    pub fn problems(&self, object: &Value) -> Vec<String> {
        match self.of(object) {
            None => vec!["no schema".to_owned()],
            Some(schema) => {
                let faults = mirrorctl::schema::faults(object, schema);
                faults
                    .iter()
                    .map(|fault| format!("{}: {}", fault.path, fault.problem))
                    .collect()
            }
        }
    }

    fn of(&self, object: &Value) -> Option<&Value> {
        let (group, version) = object["apiVersion"].as_str()?.split_once('/')?;
        let kind = object["kind"].as_str()?;
        self.0.get(&(group.to_owned(), version.to_owned(), kind.to_owned()))
    }
}
