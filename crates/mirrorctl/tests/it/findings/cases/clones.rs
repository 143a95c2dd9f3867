//! A new version made from the old one.

use super::{Case, case};
use crate::findings::good::CLONE;

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM050 spec.template.metadata.labels: the Service reviews of namespace demo selects these pods",
        CLONE,
        &[("{app: reviews-shadow,", "{app: reviews,")],
    ),
    case(
        "TM051 spec.template.spec.initContainers[0]: migrate runs once more",
        CLONE,
        &[(
            "{name: proxy, restartPolicy: Always, image: a}",
            "{name: migrate, image: a}",
        )],
    ),
    case(
        "TM052 spec.template.spec.volumes[0]: mounts the claim data",
        CLONE,
        &[("emptyDir: {}", "persistentVolumeClaim: {claimName: data}")],
    ),
    case(
        "TM053 spec.template.spec: reads the Secret db, as the Deployment reviews-v1 of namespace demo does",
        CLONE,
        &[("image: b", "image: b, envFrom: [{secretRef: {name: db}}]")],
    ),
];
