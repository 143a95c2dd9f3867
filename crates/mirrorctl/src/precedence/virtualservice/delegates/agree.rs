//! Whether Istio takes the condition of a delegate's rule together with that of the rule that delegates to it
//! (pilot/pkg/model/virtualservice.go, `hasConflict`).

use serde_json::Value;

/// `false` if they contradict each other, or if that is not sure. The gateways have their whole names.
pub(super) fn agrees(root: &Value, own: &Value) -> bool {
    let fields = own.as_object().into_iter().flatten();
    root.get("ignoreUriCase") == own.get("ignoreUriCase")
        // The delegate must repeat it.
        && root.get("sourceNamespace").is_none_or(|namespace| own.get("sourceNamespace") == Some(namespace))
        && fields.into_iter().all(|(key, own)| match (key.as_str(), root.get(key)) {
            (_, None) | ("name" | "statPrefix", _) => true,
            ("uri" | "scheme" | "method" | "authority", Some(root)) => texts_agree(root, own),
            ("headers" | "withoutHeaders" | "queryParams", Some(root)) => names_agree(root, own, texts_agree),
            ("sourceLabels", Some(root)) => names_agree(root, own, |root, own| root == own),
            (_, Some(root)) => root == own,
        })
}

/// What both say of a name must agree.
fn names_agree(root: &Value, own: &Value, agree: impl Fn(&Value, &Value) -> bool) -> bool {
    let mut fields = own.as_object().into_iter().flatten();
    fields.all(|(name, own)| root.get(name).is_none_or(|root| agree(root, own)))
}

/// The delegate's text must be one of those that the root matches; two expressions never are
/// (`stringMatchConflict`).
fn texts_agree(root: &Value, own: &Value) -> bool {
    let only = |value: &Value, key: &str| match value.as_object() {
        Some(fields) if fields.len() == 1 => fields.get(key).and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let own_text = || only(own, "exact").or_else(|| only(own, "prefix"));
    match (only(root, "exact"), only(root, "prefix")) {
        (Some(root), _) => only(own, "exact") == Some(root),
        (_, Some(root)) => own_text().is_some_and(|own| own.starts_with(&root)),
        _ => false,
    }
}
