//! `WWW-Authenticate`: how a registry wants to be convinced (RFC 9110, 11.6.1).

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token that another server gives for them.
    Bearer {
        /// The URL of that server.
        realm: String,
        /// Who asks for the token.
        service: Option<String>,
        /// What the token is to be good for.
        scope: Option<String>,
    },
}

/// The challenge of a header's value, or of the first one in it that can be met; `None` if none can.
pub fn parse(value: &str) -> Option<Challenge> {
    let (scheme, rest) = value.trim_start().split_once(' ').unwrap_or((value.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = parameters(rest);
    let mut parameter = |name: &str| {
        let at = parameters
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(parameters.swap_remove(at).1)
    };
    Some(Challenge::Bearer {
        realm: parameter("realm")?,
        service: parameter("service"),
        scope: parameter("scope"),
    })
}

/// `NAME="VALUE",…`: a value within quotes may hold a comma, as a scope does.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_owned();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((name, value.trim().to_owned()));
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_send_is_understood() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| {
            Some(Challenge::Bearer {
                realm: realm.to_owned(),
                service: service.map(str::to_owned),
                scope: scope.map(str::to_owned),
            })
        };
        for (value, challenge) in [
            ("Basic realm=\"Registry Realm\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://auth.example/token\",service=\"registry.example\",scope=\"repository:a/b:pull,push\"",
                bearer(
                    "https://auth.example/token",
                    Some("registry.example"),
                    Some("repository:a/b:pull,push"),
                ),
            ),
            (
                "bearer Realm=https://auth.example/token , service=x",
                bearer("https://auth.example/token", Some("x"), None),
            ),
            ("Bearer service=\"x\"", None),
            ("Negotiate", None),
            ("", None),
        ] {
            assert_eq!(parse(value), challenge, "{value}");
        }
    }
}
