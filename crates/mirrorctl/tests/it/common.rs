//! What the tests of the command line share: running the built command, and the golden folders.

pub mod admin;

pub mod api_server;

pub mod cases;

pub mod dashboard;

pub mod http;

pub mod mesh;

pub mod moments;

pub mod pane;

pub mod registry;

pub mod replay;

#[cfg(unix)]
pub mod running;

pub mod schema;

pub mod server;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

use serde_json::Value;

/// What a run of the command left.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

/// One folder of `tests/golden`: `args` holds the arguments, words apart; it runs in the folder. Several lines are a
/// pipeline: each command reads what the one before it printed, and one that fails is the last. `expected.*` is the
/// standard output of the last command, `expected.stderr` what all of them said, `exit` the exit code if that is not 0.
pub struct Golden {
    pub name: String,
    pub folder: PathBuf,
    /// The commands before the last one.
    pub before: Vec<Vec<String>>,
    /// The arguments of the last command.
    pub args: Vec<String>,
}

/// Runs the built command in a folder, with this standard input.
pub fn run(folder: &Path, args: &[&str], stdin: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mirrorctl"))
        .args(args)
        .current_dir(folder)
        .env_remove("MIRRORCTL_MODULE")
        .env("KUBECONFIG", "no-kubeconfig")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mirrorctl starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A command that reads nothing closes the pipe; that is no failure of the test.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    let output = child.wait_with_output().expect("mirrorctl ends");
    Ran {
        exit: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// What is printed is what this file of `tests/status` holds; `UPDATE_GOLDEN=1` writes it.
#[track_caller]
pub fn held(file: &str, printed: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/status").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, printed).expect("written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(printed, expected, "{file}: UPDATE_GOLDEN=1 writes what is printed");
}

/// Every golden folder, by name.
pub fn goldens() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut goldens: Vec<Golden> = fs::read_dir(&root)
        .expect("tests/golden")
        .map(|entry| entry.expect("an entry").path())
        .map(|folder| {
            let args = fs::read_to_string(folder.join("args"))
                .unwrap_or_else(|error| panic!("{}/args: {error}", folder.display()));
            let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
            let mut before: Vec<Vec<String>> = args.lines().map(words).collect();
            Golden {
                name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
                args: before.pop().expect("a command"),
                before,
                folder,
            }
        })
        .collect();
    static WRITTEN: Once = Once::new();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        WRITTEN.call_once(|| goldens.iter().for_each(Golden::write));
    }
    goldens.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!goldens.is_empty(), "no golden folders");
    goldens
}

impl Golden {
    /// What the command prints now.
    pub fn run(&self) -> Ran {
        self.run_in(&self.folder, &[])
    }

    /// What the command prints in another folder, with more arguments for its last command.
    pub fn run_in(&self, folder: &Path, more: &[&str]) -> Ran {
        let mut input = String::new();
        let mut said = String::new();
        for args in &self.before {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let ran = run(folder, &args, input.as_bytes());
            said += &ran.stderr;
            if ran.exit != 0 {
                return Ran { stderr: said, ..ran };
            }
            input = ran.stdout;
        }
        let args: Vec<&str> = self
            .args
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        let ran = run(folder, &args, input.as_bytes());
        Ran {
            stderr: said + &ran.stderr,
            ..ran
        }
    }

    /// The file that holds its standard output.
    pub fn expected(&self) -> PathBuf {
        let known = ["expected.yaml", "expected.json", "expected.txt"];
        let known = known
            .iter()
            .map(|name| self.folder.join(name))
            .find(|path| path.exists());
        known.unwrap_or_else(|| self.folder.join("expected.yaml"))
    }

    /// What the folder holds.
    pub fn held(&self) -> Ran {
        let text = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let exit = text("exit");
        Ran {
            exit: if exit.is_empty() {
                0
            } else {
                exit.trim().parse().expect("an exit code")
            },
            stdout: fs::read_to_string(self.expected()).unwrap_or_default(),
            stderr: text("expected.stderr"),
        }
    }

    /// Writes what the command prints now.
    fn write(&self) {
        let ran = self.run();
        let write = |path: PathBuf, text: &str, wanted: bool| {
            if wanted {
                fs::write(path, text).expect("written");
            } else if path.exists() {
                fs::remove_file(path).expect("removed");
            }
        };
        write(self.expected(), &ran.stdout, !ran.stdout.is_empty());
        write(self.folder.join("expected.stderr"), &ran.stderr, !ran.stderr.is_empty());
        write(self.folder.join("exit"), &format!("{}\n", ran.exit), ran.exit != 0);
    }

    /// The objects of Kubernetes that it prints; none if it prints something else.
    pub fn objects(&self) -> Vec<Value> {
        let mut documents = self.documents();
        documents.retain(|document| document.get("kind").is_some());
        documents
    }

    /// The documents that it prints, each item of a List one; none if it prints text.
    pub fn documents(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.expected()).unwrap_or_default();
        if self.expected().extension().is_some_and(|extension| extension == "txt") {
            return Vec::new();
        }
        let documents = mirrorctl::yaml::read(&text).unwrap_or_else(|problem| panic!("{}: {problem:?}", self.name));
        documents
            .into_iter()
            .flat_map(|document| match document.get("items") {
                Some(Value::Array(items)) => items.clone(),
                _ => vec![document],
            })
            .collect()
    }
}
