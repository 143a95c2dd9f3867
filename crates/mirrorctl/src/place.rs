//! The place of a value in what the user handed over. Every message about an input begins with it.

use std::fmt;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it, or `standard input`.
    pub file: String,
    /// The document in the file, from 1, if the file has several.
    pub document: Option<usize>,
    /// The entry of a `v1` List, from 1.
    pub item: Option<usize>,
}

// === impl Place ===

impl Place {
    /// A whole file.
    pub fn file(name: impl Into<String>) -> Self {
        Self {
            file: name.into(),
            document: None,
            item: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        match (self.document, self.item) {
            (None, None) => Ok(()),
            (Some(document), None) => write!(formatter, " (document {document})"),
            (None, Some(item)) => write!(formatter, " (item {item})"),
            (Some(document), Some(item)) => write!(formatter, " (document {document}, item {item})"),
        }
    }
}
