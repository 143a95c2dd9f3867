//! Valgrind's callgrind: a program under it counts its own instructions, and tells on demand how many they were.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// Instructions by the number of the thread that executed them.
pub type Threads = BTreeMap<u32, u64>;

/// Valgrind and the folder for what it writes.
pub struct Callgrind {
    valgrind: PathBuf,
    /// The program that gives orders to a program under valgrind; `callgrind_control` is a script around it.
    vgdb: PathBuf,
    version: String,
    folder: TempDir,
    dumps: u32,
}

// === impl Callgrind ===

impl Callgrind {
    /// Valgrind at this path, else the one on the PATH.
    ///
    /// # Errors
    /// There is no valgrind, it does not run, or there is no `vgdb` beside it.
    pub fn find(path: Option<&Path>) -> Result<Self> {
        let valgrind = path.map(Path::to_path_buf).or_else(on_path).context(
            "there is no valgrind on the PATH: `make count` brings it, or set VALGRIND_PATH to a valgrind (Debian: apt-get install valgrind)",
        )?;
        let output = Command::new(&valgrind).arg("--version").output();
        let output =
            output.with_context(|| format!("{} does not run: set VALGRIND_PATH to a valgrind", valgrind.display()))?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(
            version.starts_with("valgrind-"),
            "{} is no valgrind: set VALGRIND_PATH to one",
            valgrind.display()
        );
        let vgdb = valgrind.with_file_name("vgdb");
        ensure!(
            vgdb.is_file(),
            "there is no {}: install the whole package of valgrind, or set VALGRIND_PATH to another valgrind",
            vgdb.display()
        );
        Ok(Self {
            valgrind,
            vgdb,
            version,
            folder: tempfile::Builder::new().prefix("envoy-count-").tempdir()?,
            dumps: 0,
        })
    }

    /// Such as `valgrind-3.19.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What runs a program under callgrind, with its arguments.
    pub fn command(&self) -> Vec<OsString> {
        let option = |name: &str, file: &str| {
            let mut option = OsString::from(name);
            option.push(self.folder.path().join(file));
            option
        };
        vec![
            self.valgrind.clone().into(),
            "--tool=callgrind".into(),
            // V8 writes code while it runs.
            "--smc-check=all-non-file".into(),
            "--separate-threads=yes".into(),
            // Only the totals are read, so the less is written the better.
            "--dump-line=no".into(),
            option("--callgrind-out-file=", "dump"),
            option("--log-file=", "log"),
            option("--vgdb-prefix=", "vgdb"),
        ]
    }

    /// The instructions of each thread of the program with this process id since the last call, or since its start.
    ///
    /// # Errors
    /// The program does not take the order, or a dump cannot be read.
    pub fn instructions(&mut self, process: u32) -> Result<Threads> {
        let mut prefix = OsString::from("--vgdb-prefix=");
        prefix.push(self.folder.path().join("vgdb"));
        let output = Command::new(&self.vgdb)
            .arg(prefix)
            .args([&format!("--pid={process}"), "dump"])
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{} does not run", self.vgdb.display()))?;
        ensure!(
            output.status.success(),
            "callgrind gives no count: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        self.dumps += 1;
        let mut threads = Threads::new();
        for entry in std::fs::read_dir(self.folder.path())? {
            let entry = entry?;
            let Some(thread) = thread(&entry.file_name().to_string_lossy(), self.dumps) else {
                continue;
            };
            let file = entry.path();
            let total = total(BufReader::new(File::open(&file)?));
            threads.insert(
                thread,
                total.with_context(|| format!("{} has no total", file.display()))?,
            );
            std::fs::remove_file(&file)?;
        }
        ensure!(!threads.is_empty(), "callgrind has written no dump");
        Ok(threads)
    }
}

/// From `dump.12-03`, the third thread in the twelfth dump.
fn thread(file: &str, dump: u32) -> Option<u32> {
    let (number, thread) = file.strip_prefix("dump.")?.split_once('-')?;
    (number.parse() == Ok(dump)).then(|| thread.parse().ok())?
}

fn on_path() -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join("valgrind"))
        .find(|file| file.is_file())
}

/// The sum of the only event that is counted, instructions read, from the head of a dump.
fn total(dump: impl BufRead) -> Result<u64> {
    let mut events = None;
    for line in dump.split(b'\n') {
        let line = line?;
        // Names of functions need not be UTF-8; the lines of the head are.
        let Ok(line) = std::str::from_utf8(&line) else { continue };
        if let Some(names) = line.strip_prefix("events:") {
            events = Some(names.trim().to_owned());
        }
        if let Some(number) = line.strip_prefix("summary:").or_else(|| line.strip_prefix("totals:")) {
            ensure!(
                events.as_deref() == Some("Ir"),
                "the dump counts {events:?}, and only Ir is expected"
            );
            return number.trim().parse().with_context(|| format!("{line} is no number"));
        }
    }
    anyhow::bail!("neither `summary:` nor `totals:` is in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\
# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 11357
cmd:  sleep 40
part: 1
thread: 1


desc: I1 cache: 
desc: D1 cache: 
desc: LL cache: 

desc: Timerange: Basic block 0 - 70184
desc: Trigger: dump

positions: line
events: Ir
summary: 300390


ob=(4) /usr/libexec/valgrind/vgpreload_core-amd64-linux.so
fl=(134) ???
fn=(484) 0x0000000000001100
0 12

ob=(5) /usr/bin/sleep
fl=(139) ???
fn=(536) 0x0000000000002370
0 15
* 12

totals: 300390
";

    #[test]
    fn the_total_is_in_the_head_of_a_dump_and_at_its_end() {
        assert_eq!(total(DUMP.as_bytes()).expect("a total"), 300_390);
        let without_summary = DUMP.replace("summary: 300390\n", "");
        assert_eq!(total(without_summary.as_bytes()).expect("a total"), 300_390);
    }

    #[test]
    fn a_dump_has_a_file_for_each_thread() {
        assert_eq!(thread("dump.12-03", 12), Some(3));
        for other in ["dump.11-03", "dump.12", "dump", "log", "dump.12-"] {
            assert_eq!(thread(other, 12), None, "{other}");
        }
    }

    #[test]
    fn a_name_that_is_not_utf8_is_passed_over() {
        let mut dump = DUMP.replace("summary: 300390\n", "").into_bytes();
        let name = dump.windows(4).position(|window| window == b"0x00").expect("a name");
        dump[name] = 0xff;
        assert_eq!(total(dump.as_slice()).expect("a total"), 300_390);
    }

    #[test]
    fn a_dump_without_a_total_or_with_more_events_is_refused() {
        let cut = &DUMP[..DUMP.find("summary").expect("a summary")];
        let error = total(cut.as_bytes()).expect_err("no total");
        assert_eq!(error.to_string(), "neither `summary:` nor `totals:` is in it");
        let more = DUMP
            .replace("events: Ir", "events: Ir Dr Dw")
            .replace("300390", "300390 1 2");
        assert!(total(more.as_bytes()).is_err());
    }

    #[test]
    fn a_missing_valgrind_names_the_next_step() {
        let error = Callgrind::find(Some(Path::new("/no/valgrind")))
            .map(|_| ())
            .expect_err("none there");
        assert_eq!(
            error.to_string(),
            "/no/valgrind does not run: set VALGRIND_PATH to a valgrind"
        );
    }
}
