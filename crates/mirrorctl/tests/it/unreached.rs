//! What is said to be reached by no request is reached by none: routes of any kind, asked with every request of a small
//! world by an interpreter of its own.

mod routes;

use std::cell::Cell;
use std::cmp::Reverse;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::common::run;
use routes::{http_routes, virtual_services};

/// A request, and the proxy that has it.
struct Request {
    path: &'static str,
    method: &'static str,
    header: Option<&'static str>,
    query: Option<&'static str>,
    port: u64,
    gateway: &'static str,
    app: Option<&'static str>,
}

fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for path in ["/", "/a", "/A", "/a/", "/a/b", "/a/bc", "/ab", "/c"] {
        for method in ["GET", "POST"] {
            for header in [None, Some(""), Some("a"), Some("ab"), Some("b")] {
                for query in [None, Some("1")] {
                    for (gateway, port) in [("mesh", 80), ("mesh", 9080), ("demo/public", 80), ("demo/public", 443)] {
                        for app in [None, Some("a")] {
                            all.push(Request {
                                path,
                                method,
                                header,
                                query,
                                port,
                                gateway,
                                app,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

// === what Envoy makes of it ===

/// The few expressions that are used.
fn regex(pattern: &str, text: &str) -> bool {
    match pattern {
        ".*" => true,
        "/a.*" => text.starts_with("/a"),
        "a.?" => text.starts_with('a') && text.len() <= 2,
        _ => panic!("{pattern}"),
    }
}

/// Whether a text meets a StringMatch. Most conditions on a text that is missing do not hold.
fn meets(wanted: &Value, text: Option<&str>) -> bool {
    let part = |key: &str| wanted[key].as_str();
    let Some(text) = text else { return false };
    match (part("exact"), part("prefix"), part("regex")) {
        (Some(exact), ..) => text == exact,
        (_, Some(prefix), _) => text.starts_with(prefix),
        (_, _, None | Some("*")) => true,
        (_, _, Some(pattern)) => regex(pattern, text),
    }
}

fn is_present_match(wanted: &Value) -> bool {
    wanted == &json!({}) || wanted["regex"] == "*"
}

/// Whether a proxy has an entry of `match` at all.
fn is_written(entry: &Value, request: &Request) -> bool {
    let port = entry["port"].as_u64();
    let gateways = entry["gateways"].as_array();
    let app = entry["sourceLabels"]["app"].as_str();
    port.is_none_or(|port| port == request.port)
        && match gateways {
            Some(gateways) => gateways
                .iter()
                .any(|name| request.gateway.ends_with(name.as_str().unwrap())),
            None => app.is_none() || app == request.app,
        }
}

fn takes(entry: &Value, request: &Request) -> bool {
    let uri = &entry["uri"];
    let lower = |text: &str| text.to_ascii_lowercase();
    let path = if uri.is_null() {
        true
    } else if entry["ignoreUriCase"] == true && uri["regex"].is_null() {
        meets(
            &serde_json::from_str(&lower(&uri.to_string())).unwrap(),
            Some(&lower(request.path)),
        )
    } else {
        meets(uri, Some(request.path))
    };
    let without = &entry["withoutHeaders"]["x"];
    let is_without = without.is_null()
        || match is_present_match(without) {
            true => request.header.is_none(),
            false => !meets(without, Some(request.header.unwrap_or_default())),
        };
    let header = entry["headers"].as_object().and_then(|headers| headers.values().next());
    path && is_without
        && header.is_none_or(|wanted| meets(wanted, request.header))
        && (entry["queryParams"].is_null() || meets(&entry["queryParams"]["q"], request.query))
        && (entry["method"].is_null() || meets(&entry["method"], Some(request.method)))
}

fn is_catch_all(entry: &Value) -> bool {
    let uri = &entry["uri"];
    let is_any = uri.is_null() || uri["prefix"] == "/" || uri["regex"] == ".*";
    is_any
        && ["headers", "withoutHeaders", "queryParams", "method"]
            .iter()
            .all(|key| entry[*key].is_null())
}

/// The entries of a VirtualService in a proxy, with the rule of each.
fn written(object: &Value, request: &Request) -> Vec<(usize, Value)> {
    let mut all = Vec::new();
    for (index, rule) in object["spec"]["http"].as_array().unwrap().iter().enumerate() {
        let entries = rule["match"].as_array().cloned().unwrap_or_else(|| vec![json!({})]);
        for entry in entries.into_iter().filter(|entry| is_written(entry, request)) {
            let is_last = is_catch_all(&entry);
            all.push((index, entry));
            if is_last {
                return all;
            }
        }
    }
    all
}

/// The object and the rule that get a request, of VirtualServices from the oldest on.
fn first(objects: &[Value], request: &Request) -> Option<(usize, usize)> {
    let is_bound = |object: &Value| {
        let mut names = object["spec"]["gateways"].as_array().unwrap().iter();
        names.any(|name| request.gateway.ends_with(name.as_str().unwrap()))
    };
    let objects = objects.iter().enumerate().filter(|(_, object)| is_bound(object));
    // A sidecar obeys one of them.
    let count = if request.gateway == "mesh" { 1 } else { usize::MAX };
    let of = |(place, object): (usize, &Value)| {
        let all = written(object, request).into_iter();
        all.map(|(rule, entry)| ((place, rule), entry)).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = objects.take(count).flat_map(of).collect();
    if request.gateway != "mesh" {
        all.sort_by_key(|(_, entry)| is_catch_all(entry));
    }
    all.into_iter()
        .find(|(_, entry)| takes(entry, request))
        .map(|(rule, _)| rule)
}

/// The same of HTTPRoutes, by the order that the Gateway API asks for.
fn best(objects: &[Value], request: &Request) -> Option<(usize, usize)> {
    let mut found = Vec::new();
    for (place, object) in objects.iter().enumerate() {
        for (rule, value) in object["spec"]["rules"].as_array().unwrap().iter().enumerate() {
            let entries = value["matches"].as_array().cloned().unwrap_or_else(|| vec![json!({})]);
            for entry in entries {
                let path = entry["path"]["value"].as_str().unwrap_or("/");
                let trimmed = path.strip_suffix('/').unwrap_or(path);
                let (kind, length, is_met) = match entry["path"]["type"].as_str() {
                    Some("Exact") => (2, path.len(), request.path == path),
                    Some("RegularExpression") => (0, path.len(), regex(path, request.path)),
                    _ => {
                        let rest = request.path.strip_prefix(trimmed);
                        (
                            1,
                            trimmed.len().max(1),
                            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
                        )
                    }
                };
                let wanted = |named: &Value| match named["type"].as_str() {
                    Some("RegularExpression") => json!({"regex": named["value"]}),
                    _ => json!({"exact": named["value"]}),
                };
                let list = |key: &str| entry[key].as_array().cloned().unwrap_or_default();
                let (headers, queries) = (list("headers"), list("queryParams"));
                let method = entry["method"].as_str();
                if is_met
                    && method.is_none_or(|method| method == request.method)
                    && headers.iter().all(|header| meets(&wanted(header), request.header))
                    && queries.iter().all(|query| meets(&wanted(query), request.query))
                {
                    let rank = (kind, length, method.is_some(), headers.len(), queries.len());
                    found.push((Reverse(rank), place, rule));
                }
            }
        }
    }
    found.sort_by_key(|(rank, place, _)| (*rank, *place));
    found.first().map(|(_, place, rule)| (*place, *rule))
}

// === what is said of them ===

/// The objects and rules that no request reaches, as `validate` says.
fn said(objects: &[Value]) -> Vec<(usize, usize)> {
    let text: Vec<String> = objects.iter().map(Value::to_string).collect();
    let ran = run(
        Path::new("."),
        &["validate", "-", "-o", "json", "--fail-on", "never"],
        text.join("\n---\n").as_bytes(),
    );
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let findings = document["findings"].as_array().unwrap().iter();
    let number = |text: &str, after: &str| {
        let rest = text.split_once(after).map(|(_, rest)| rest)?;
        let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse::<usize>().ok()
    };
    findings
        .filter(|finding| finding["code"] == "TM048")
        .map(|finding| {
            let (object, path) = (finding["object"].as_str().unwrap(), finding["path"].as_str().unwrap());
            (number(object, "route-").unwrap(), number(path, "[").unwrap())
        })
        .collect()
}

/// Runs both on any routes: nothing that is said to be unreached may be reached. Of what is unreached in truth, so much
/// is found that the test cannot pass by silence.
fn no_request_reaches(
    routes: impl Strategy<Value = Vec<Value>>,
    reached: impl Fn(&[Value], &Request) -> Option<(usize, usize)>,
) {
    let requests = requests();
    let found = Cell::new(0);
    let config = Config {
        cases: 100,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&routes, |objects| {
        let said = said(&objects);
        for request in &requests {
            let rule = reached(&objects, request);
            let is_wrong = rule.is_some_and(|rule| said.contains(&rule));
            prop_assert!(
                !is_wrong,
                "{rule:?} gets {} {} x={:?} q={:?} port {} at {} from {:?}",
                request.method,
                request.path,
                request.header,
                request.query,
                request.port,
                request.gateway,
                request.app
            );
        }
        found.set(found.get() + said.len());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(found.get() > 30, "{} in 100", found.get());
}

#[test]
fn no_request_reaches_a_rule_of_a_virtual_service_that_is_said_to_be_unreached() {
    no_request_reaches(virtual_services(), first);
}

#[test]
fn no_request_reaches_a_rule_of_an_http_route_that_is_said_to_be_unreached() {
    no_request_reaches(http_routes(), best);
}
