//! The values that a job's keys hold: labels, names, numbers, and texts by name.

use mirror_policy::document::Node;
use mirror_policy::{ConfigError, grammar};

/// A value, or why it is refused.
pub(super) type Read<T> = std::result::Result<T, ConfigError>;

/// A name that ends up in a host name.
pub(super) fn label(node: Node) -> Read<String> {
    let text = node.text()?;
    if grammar::is_dns_label(&text) {
        Ok(text)
    } else {
        node.refuse(format!(
            "`{}` is not a DNS label (a-z, 0-9 and -, at most 63)",
            text.escape_debug()
        ))
    }
}

/// The name of a Deployment or a Gateway.
pub(super) fn name(node: Node) -> Read<String> {
    let text = node.text()?;
    if text.len() <= 253 && text.split('.').all(grammar::is_dns_label) {
        Ok(text)
    } else {
        node.refuse(format!(
            "`{}` is not a name (DNS labels, joined by dots)",
            text.escape_debug()
        ))
    }
}

pub(super) fn subset(node: Node) -> Read<String> {
    let text = node.text()?;
    if grammar::is_subset(&text) {
        Ok(text)
    } else {
        node.refuse(format!("`{}` is not the name of a subset", text.escape_debug()))
    }
}

pub(super) fn port(node: Node) -> Read<u16> {
    node.parse("a port by its number, 1 to 65535", |value| {
        let number = u16::try_from(value.as_u64()?).ok()?;
        (number > 0).then_some(Ok(number))
    })
}

pub(super) fn replicas(node: Node) -> Read<u32> {
    node.parse("a number of pods, 1 to 1000", |value| {
        let number = u32::try_from(value.as_u64()?).ok()?;
        (1..=1000).contains(&number).then_some(Ok(number))
    })
}

/// Texts by names that the user chooses.
pub(super) fn texts(node: Node) -> Read<Vec<(String, String)>> {
    let names = node.names()?.into_iter();
    names.map(|(name, node)| Ok((name, node.text()?))).collect()
}
