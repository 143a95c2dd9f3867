//! `module`: what a registry gets, and what a person is told whose push fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mirrorctl::module::{self, Image};

use crate::common::Ran;
use crate::common::registry::{Lets, Registry, Ways};
use crate::common::server::{self, Authority};

/// `user:pa:ss` and `user:wrong` in base64.
const RIGHT: &str = "dXNlcjpwYTpzcw==";
const WRONG: &str = "dXNlcjp3cm9uZw==";

/// A folder of a test's own, with this file of credentials, if any.
fn folder(name: &str, config: Option<&str>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("module").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    if let Some(config) = config {
        fs::write(folder.join("config.json"), config).expect("written");
    }
    folder
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(env!("CARGO_BIN_EXE_mirrorctl"))
        .arg("module")
        .args(args)
        .current_dir(folder)
        .env("DOCKER_CONFIG", folder)
        .env("HOME", folder)
        .env("PATH", format!("{}:{path}", folder.display()))
        .env_remove("REGISTRY_AUTH_FILE")
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .expect("mirrorctl runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let ran = Ran {
        exit: output.status.code().expect("an exit code"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    for secret in ["pa:ss", "wrong", "identity", "the-token", RIGHT, WRONG, "state=secret"] {
        assert!(
            !ran.stderr.contains(secret) && !ran.stdout.contains(secret),
            "{secret}: {ran:?}"
        );
    }
    ran
}

/// The image of the module in the binary; `None` if it was compiled without one, which the command then says.
fn image() -> Option<Image> {
    let image = module::wasm().map(|wasm| Image::new(wasm).expect("an image"));
    if image.is_none() {
        let ran = run(&folder("missing", None), &["digest"]);
        assert_eq!((ran.exit, ran.stderr), (1, format!("error: {}\n", module::MISSING)));
    }
    image
}

fn auths(address: &str, auth: &str) -> String {
    format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"{auth}\"}}}}}}")
}

/// All of it is there, under the tag and the digest that is printed.
fn assert_pushed(ran: &Ran, registry: &Registry, image: &Image, tag: &str) {
    assert_eq!(ran.exit, 0, "{ran:?}");
    let url = format!("oci://{}/n@{}\n", registry.address, image.manifest.digest);
    assert_eq!(ran.stdout.replace("localhost", "127.0.0.1"), url);
    let has = registry.has.lock().expect("no panic");
    assert_eq!(has.get(&format!("/v2/n/manifests/{tag}")), Some(&image.manifest.bytes));
}

#[test]
fn the_image_is_one_that_istio_takes_and_always_the_same() {
    let wasm = b"\0asm, say";
    let image = Image::new(wasm).expect("an image");
    assert_eq!(
        image.manifest.digest, "sha256:3a08083b684c96a026c5bfad34d24dfafb5247bb993f9bcd7224448b85f35252",
        "of another digest: every pushed module gets a new one"
    );
    let [_, layer] = &image.blobs;
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(layer.bytes.as_slice()));
    let mut paths = Vec::new();
    for entry in tar.entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).expect("bytes");
        paths.push((entry.path().expect("a path").display().to_string(), bytes));
    }
    assert_eq!(paths, [("plugin.wasm".to_owned(), wasm.to_vec())]);
    let manifest: serde_json::Value = serde_json::from_slice(&image.manifest.bytes).expect("JSON");
    assert_eq!(manifest["layers"][0]["digest"], layer.digest.as_str());
}

#[test]
fn what_is_there_is_not_sent_again() {
    let Some(image) = image() else { return };
    let registry = Registry::start(Ways::default());
    let folder = folder("again", None);
    let to = format!("{}/n", registry.address);
    assert_pushed(
        &run(&folder, &["push", &to]),
        &registry,
        &image,
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!((registry.of("POST").len(), registry.of("PUT").len()), (2, 3));
    assert_pushed(
        &run(&folder, &["push", &to]),
        &registry,
        &image,
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!((registry.of("POST").len(), registry.of("PUT").len()), (2, 3));
    assert_pushed(&run(&folder, &["push", &format!("{to}:new")]), &registry, &image, "new");
    assert_eq!((registry.of("POST").len(), registry.of("PUT").len()), (2, 4));
}

#[test]
fn credentials_are_found_where_docker_keeps_them() {
    let Some(image) = image() else { return };
    for lets in [Lets::Basic, Lets::Bearer] {
        let registry = Registry::start(Ways {
            lets,
            ..Ways::default()
        });
        let address = &registry.address;
        let to = format!("{address}/n:t");
        let ran = run(&folder("no-login", None), &["push", &to]);
        assert_eq!(ran.exit, 1);
        assert!(
            ran.stderr.contains(&format!("docker login {address}")),
            "{}",
            ran.stderr
        );
        let ran = run(&folder("other-login", Some(&auths(address, WRONG))), &["push", &to]);
        assert_eq!(ran.exit, 1);
        assert!(ran.stderr.contains("it refuses the credentials of "), "{}", ran.stderr);
        let helper = format!("{{\"credHelpers\": {{\"{address}\": \"test\"}}}}");
        for (name, config) in [("login", auths(address, RIGHT)), ("helper", helper)] {
            registry.has.lock().expect("no panic").clear();
            let folder = folder(name, Some(&config));
            let script = "#!/bin/sh\ncat >/dev/null\necho '{\"Username\": \"user\", \"Secret\": \"pa:ss\"}'\n";
            executable(&folder.join("docker-credential-test"), script);
            assert_pushed(&run(&folder, &["push", &to]), &registry, &image, "t");
        }
    }
}

#[test]
fn an_identity_token_becomes_a_token() {
    let Some(image) = image() else { return };
    let registry = Registry::start(Ways {
        lets: Lets::Bearer,
        ..Ways::default()
    });
    let config = format!(
        "{{\"auths\": {{\"{}\": {{\"identitytoken\": \"identity\"}}}}}}",
        registry.address
    );
    let ran = run(
        &folder("identity", Some(&config)),
        &["push", &format!("{}/n:t", registry.address)],
    );
    assert_pushed(&ran, &registry, &image, "t");
}

/// Who stores the blobs may be somebody else, who must not learn the password.
#[test]
fn credentials_do_not_follow_a_redirect_to_another_host() {
    let Some(image) = image() else { return };
    let storage = Registry::start(Ways::default());
    let registry = Registry::start(Ways {
        lets: Lets::Basic,
        uploads_at: Some(storage.address.clone()),
        ..Ways::default()
    });
    let folder = folder("redirect", Some(&auths(&registry.address, RIGHT)));
    let ran = run(&folder, &["push", &format!("{}/n:t", registry.address)]);
    assert_pushed(&ran, &registry, &image, "t");
    let asked = storage.asked.lock().expect("no panic");
    assert_eq!(asked.len(), 2);
    assert!(
        asked.iter().all(|(_, authorization)| authorization.is_empty()),
        "{asked:?}"
    );
}

#[test]
fn an_own_authority_is_trusted_by_its_file() {
    let Some(image) = image() else { return };
    let folder = folder("authority", None);
    let authority = Authority::new(&folder, "registry-ca");
    let registry = Registry::over_tls(Ways::default(), &authority);
    let to = format!("{}/n:t", registry.address.replace("127.0.0.1", "localhost"));
    let ran = run(&folder, &["push", &to]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("--ca-file"), "{}", ran.stderr);
    assert_pushed(
        &run(&folder, &["push", &to, "--ca-file", "registry-ca.pem"]),
        &registry,
        &image,
        "t",
    );
    assert_pushed(&run(&folder, &["push", &to, "--insecure"]), &registry, &image, "t");
}

#[test]
fn every_refusal_says_what_was_asked_what_was_answered_and_what_to_do() {
    if image().is_none() {
        return;
    }
    for (status, exit, next) in [
        ("403 Forbidden", 1, "ask for that right"),
        ("404 Not Found", 5, "make n there first"),
        ("500 Internal Server Error", 1, "run it again later"),
    ] {
        let registry = Registry::start(Ways {
            refuses: Some(status),
            ..Ways::default()
        });
        let ran = run(&folder("refused", None), &["push", &format!("{}/n", registry.address)]);
        assert_eq!((ran.exit, ran.stdout.as_str()), (exit, ""), "{status}");
        for words in [status, "asked to take an upload", "DENIED not for you", next] {
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        }
    }
    let hanging = server::serve(|_stream| std::thread::sleep(std::time::Duration::from_secs(30)));
    let ran = run(
        &folder("hanging", None),
        &["push", &format!("{hanging}/n"), "--timeout", "1s"],
    );
    assert_eq!(ran.exit, 4, "{ran:?}");
    let ran = run(&folder("nobody", None), &["push", &format!("{}/n", server::nobody())]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("connection refused"), "{}", ran.stderr);
    let ran = run(&folder("no-json", Some("{\"auths\": pa:ss")), &["push", "name"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.stderr.contains("names no registry"), "{}", ran.stderr);
}

/// Ends with the test.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Debian's package docker-registry has one.
#[test]
#[ignore = "needs DOCKER_REGISTRY_PATH, the program docker-registry"]
fn a_real_registry_takes_it() {
    let Some(image) = image() else { return };
    let program = std::env::var_os("DOCKER_REGISTRY_PATH").expect("DOCKER_REGISTRY_PATH");
    let folder = folder("real", None);
    let address = server::nobody();
    let configuration = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{address}\"}}\n",
        folder.join("storage").display()
    );
    fs::write(folder.join("registry.yaml"), configuration).expect("written");
    let registry = Command::new(program)
        .args(["serve", "registry.yaml"])
        .current_dir(&folder)
        .stderr(std::process::Stdio::null())
        .spawn();
    let _registry = Ended(registry.expect("it starts"));
    while std::net::TcpStream::connect(&address).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    for said in ["pushed as", "it was there already, as"] {
        let ran = run(&folder, &["push", &format!("{address}/mesh/traffic-mirror")]);
        assert_eq!(
            ran.stdout,
            format!("oci://{address}/mesh/traffic-mirror@{}\n", image.manifest.digest)
        );
        assert!(ran.stderr.starts_with(said), "{}", ran.stderr);
    }
}

#[test]
fn a_file_is_the_module_or_an_archive() {
    let Some(image) = image() else { return };
    let folder = folder("save", None);
    assert_eq!(run(&folder, &["save", "a.wasm"]).exit, 0);
    assert_eq!(
        fs::read(folder.join("a.wasm")).expect("a file"),
        module::wasm().expect("a module")
    );
    assert_eq!(run(&folder, &["save", "a.tar"]).exit, 0);
    let mut tar = tar::Archive::new(fs::File::open(folder.join("a.tar")).expect("a file"));
    let paths = tar
        .entries()
        .expect("a tar")
        .map(|entry| entry.expect("an entry").path().expect("a path").display().to_string());
    let manifest = format!("blobs/{}", image.manifest.digest.replace(':', "/"));
    let paths: Vec<String> = paths.collect();
    assert_eq!(paths.first().map(String::as_str), Some("oci-layout"));
    assert!(paths.contains(&manifest), "{paths:?}");
    assert_eq!(run(&folder, &["save", "a.bin"]).exit, 2);
}

fn executable(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(file, text).expect("written");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("executable");
}
