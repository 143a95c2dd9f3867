//! `version`: of this tool, which is that of the filter whose parser it carries.

use serde_json::json;

use crate::cli::VersionArgs;
use crate::output::{Answer, Format, value};
use crate::yaml;

pub(super) fn run(args: &VersionArgs) -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    let object = json!({"version": version});
    Answer::data(match args.output {
        None => format!("mirrorctl {version}\n"),
        Some(Format::Yaml) => yaml::write(&object),
        Some(Format::Json) => value(&object),
    })
}
