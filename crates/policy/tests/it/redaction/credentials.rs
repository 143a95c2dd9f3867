//! The preset: which names are a credential's, in which spelling.

use mirror_model::requests::{get, post};
use mirror_policy::redaction::credentials::{EXCEPTIONS, Place, RULES, is_credential};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{ALICE, KEY, assert_headers, copy};

/// Headers by which gateways, clouds and frameworks know a caller.
pub const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-forwarded-authorization",
    "x-serverless-authorization",
    "cookie",
    "apikey",
    "api_key",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "x-auth-token",
    "x-access-token",
    "x-auth-key",
    "x-csrf-token",
    "x-csrftoken",
    "x-xsrf-token",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "client-cert",
    "client-cert-chain",
    "x-auth-request-access-token",
    "x-amz-security-token",
    "x-amzn-oidc-data",
    "x-amzn-oidc-accesstoken",
    "x-ms-token-aad-id-token",
    "x-ms-token-aad-expires-on",
    "x-functions-key",
    "x-goog-iap-jwt-assertion",
    "x-session-token",
    "x-vault-token",
    "cf-access-jwt-assertion",
    "ocp-apim-subscription-key",
    "private-token",
    "dpop",
    "x-hub-signature-256",
];

/// Names of parameters.
pub const PARAMETERS: &[&str] = &[
    "access_token",
    "accessToken",
    "oauth_token",
    "id_token_hint",
    "reset_password_token",
    "token[]",
    "api-key",
    "x-api-key",
    "subscription-key",
    "AWSAccessKeyId",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Goog-Signature",
    "sig",
    "auth",
    "clientSecret",
    "client_assertion",
    "code_verifier",
    "SAMLResponse",
    "ticket",
    "user[password]",
    "user.password",
    "password2",
    "new_password_confirmation",
    "passwd",
    "pwd",
    "session",
    "sessionId",
    "PHPSESSID",
    "jsessionid",
    "jwt",
    "otp",
];

/// Names that resemble a credential's and are not one's, or that mostly have another purpose.
pub const OTHERS: &[&str] = &[
    "code",
    "key",
    "state",
    "nonce",
    "page_token",
    "nextPageToken",
    "max_tokens",
    "token_type",
    "sessions",
    "author",
    "passenger",
    "signed",
    "sort_key",
    "x-request-id",
    "x-auth-request-user",
    "x-amzn-oidc-identity",
    "user-agent",
    "sec-websocket-key",
    "traceparent",
    "baggage",
];

#[wasm_bindgen_test(unsupported = test)]
fn credentials_are_known_in_every_spelling_and_other_names_are_not() {
    for name in HEADERS {
        assert_headers(
            r#""preset": "credentials""#,
            &get("/", &[(name, "a=1; b"), ("x-a", "1")]),
            &[(":path", "/"), ("x-a", "1")],
        );
    }
    for name in HEADERS.iter().chain(PARAMETERS) {
        for spelling in [
            (*name).to_owned(),
            name.to_uppercase(),
            name.replace(['-', '_'], ""),
            name.replace(['-', '_'], "."),
            format!("form[{name}]"),
            format!("a-{name}[]"),
        ] {
            let is_whole = RULES.iter().any(|(place, parts)| {
                let plain = name.to_lowercase().replace(['-', '_'], "");
                matches!(place, Place::Whole | Place::Start) && parts.iter().any(|part| plain.starts_with(part))
            });
            if !is_whole || spelling.len() <= name.len() {
                assert!(is_credential(spelling.as_bytes()), "{spelling}");
            }
        }
        let path = format!("/?x=1&{}=secret", name.replace('[', "%5B"));
        assert_headers(r#""preset": "credentials""#, &get(&path, &[]), &[(":path", "/?x=1")]);
    }
    for name in OTHERS {
        assert!(!is_credential(name.as_bytes()), "{name}");
        let path = format!("/?{name}=1");
        assert_headers(
            r#""preset": "credentials""#,
            &get(&path, &[(name, "1")]),
            &[(":path", &path), (name, "1")],
        );
    }
}

/// The rules without regard to time and memory.
fn is_credential_slowly(name: &[u8]) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let normal: String = letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let trimmed = normal.trim_end_matches(|letter: char| letter.is_ascii_digit());
    RULES.iter().any(|(place, parts)| {
        parts.iter().any(|part| match place {
            Place::Whole => trimmed == *part,
            Place::Start => normal.starts_with(part),
            Place::End => trimmed.ends_with(part) && !EXCEPTIONS.iter().any(|end| trimmed.ends_with(end)),
            Place::Anywhere => normal.contains(part),
        })
    })
}

#[wasm_bindgen_test(unsupported = test)]
fn a_name_of_any_length_is_read_as_the_rules_say() {
    for filler in ["x", "ab-", "Z9", "p", "se", "1", "[]"] {
        for length in 0..200 {
            let filled: String = filler.chars().cycle().take(length).collect();
            for (_, parts) in RULES {
                for part in *parts {
                    for name in [
                        format!("{filled}{part}"),
                        format!("{part}{filled}"),
                        format!("{filled}{part}{filled}"),
                        format!("{filled}{part}{}", "4".repeat(length / 3)),
                        format!("{filled}{}_{}", &part[..2], &part[2..]),
                    ] {
                        let expected = is_credential_slowly(name.as_bytes());
                        assert_eq!(is_credential(name.as_bytes()), expected, "{name}");
                    }
                }
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_preset_names_can_carry_a_token() {
    let redact = format!(r#""preset": "credentials", "headers": ["x-mine"], {KEY}"#);
    let original = get(
        "/?user[password]=alice@example.com",
        &[
            ("cookie", "a=alice@example.com; b=alice@example.com"),
            ("x-mine", "alice@example.com"),
        ],
    );
    let path = format!("/?user[password]={ALICE}");
    let cookies = format!("a={ALICE}; b={ALICE}");
    assert_headers(
        &redact,
        &original,
        &[(":path", &path), ("cookie", &cookies), ("x-mine", ALICE)],
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_list_of_many_parts_grows_no_further_than_the_proxy_takes() {
    let cookies = "a=;".repeat(19_000);
    let redact = format!(r#""preset": "credentials", {KEY}"#);
    let (headers, _) = copy(&redact, &post(&[("cookie", &cookies)]), "").expect("57 KB become less than 1 MiB");
    assert_eq!(headers[1].1.len(), 19_000 * 35 - 1);
    let cookies = "a=;".repeat(40_000);
    let refused = copy(&redact, &post(&[("cookie", &cookies)]), "");
    assert_eq!(refused, Err(mirror_policy::reasons::Dropped::HeadersTooLarge));
}
