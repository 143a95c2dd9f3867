//! The resource that loads the filter into proxies, whatever these are.

use super::attachment::Attachment;
use super::bundle::{Bundle, Manifest, Origin, Step};
use super::options::{ExtensionApi, Options};
use super::plugin::{self, FilterMirror};
use super::{ours, trafficextension, wasmplugin};
use crate::error::Result;
use crate::job::Job;
use crate::objects::World;

/// The filter, in whatever proxies.
pub(super) fn add(
    job: &Job,
    world: &World,
    options: &Options,
    attachment: &Attachment,
    mirrors: &[FilterMirror],
    bundle: &mut Bundle,
) -> Result<()> {
    let plugin = plugin::plugin(job, mirrors, options)?;
    let object = match options.extension_api()? {
        ExtensionApi::TrafficExtension => trafficextension::manifest(job, attachment, &plugin),
        ExtensionApi::WasmPlugin => wasmplugin::manifest(job, attachment, &plugin),
    };
    ours::refuse_taken_name(&object, job, world)?;
    bundle.add(Manifest {
        step: Step::Mirror,
        origin: Origin::Ours,
        object,
    });
    Ok(())
}
