//! The addresses of proxies and of Prometheus servers.

use mirrorctl::live::source::Url;

#[test]
fn an_address_is_taken_as_people_write_it_or_refused_at_once() {
    for (text, url) in [
        ("http://127.0.0.1:15000", "http://127.0.0.1:15000"),
        ("localhost:15000", "http://localhost:15000"),
        ("[::1]:9901", "http://[::1]:9901"),
        (
            "https://prometheus.example/prometheus/",
            "https://prometheus.example/prometheus",
        ),
        (
            "http://prometheus.istio-system:9090/",
            "http://prometheus.istio-system:9090",
        ),
    ] {
        assert_eq!(
            text.parse::<Url>().map(|url| url.as_str().to_owned()),
            Ok(url.to_owned())
        );
    }
    for (text, expected) in [
        ("", "URL"),
        ("http://", "URL"),
        ("ftp://host", "not http or https"),
        ("http://host:port", "a port that is no number"),
        ("http://host:", "a port that is no number"),
        ("host:70000", "a port that is no number"),
        ("http://user:secret@host", "--bearer-token-file"),
        ("http://host/stats?format=json", "more than a path"),
        ("http://host/#x", "more than a path"),
        ("two words", "URL"),
    ] {
        let refusal = text.parse::<Url>().expect_err(text);
        assert!(refusal.contains(expected), "{text}: {refusal}");
        assert!(!refusal.contains("secret"));
    }
}
