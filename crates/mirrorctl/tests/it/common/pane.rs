//! A real terminal for tests: tmux runs a shell, the shell runs the built command, keys are pressed, and what is on the
//! screen is read back.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::replay::Replay;

/// A terminal with a shell in it.
pub struct Pane {
    tmux: PathBuf,
    pub folder: PathBuf,
    /// How often the command was started: what it left on the screen is told apart by it.
    pub runs: AtomicU32,
}

/// What to wait for at most. A test that passes waits as long as it must.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The tmux, if there is one.
pub fn tmux() -> Option<PathBuf> {
    let named = std::env::var_os("TMUX_PATH")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let path = named.unwrap_or_else(|| PathBuf::from("tmux"));
    let found = Command::new(&path)
        .arg("-V")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: no tmux; TMUX_PATH names one, and make test-mirrorctl brings one");
    }
    found.then_some(path)
}

impl Pane {
    /// A terminal of 80×24 cells with these environment variables.
    pub fn open(environment: &[&str]) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let tmux = tmux()?;
        let name = format!(
            "mirrorctl-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst)
        );
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let runs = AtomicU32::new(0);
        let pane = Self { tmux, folder, runs };
        let shell = [
            "env", "-u", "NO_COLOR", "-u", "LC_ALL", "-u", "LC_CTYPE", "PS1=> ", "ENV=",
        ];
        let begin = ["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24"];
        pane.run(&[&begin[..], &shell[..], environment, &["sh", "-i"]].concat());
        pane.run(&["set-option", "-g", "status", "off"]);
        pane.wait("the prompt", |screen| screen.trim_end().ends_with('>'));
        Some(pane)
    }

    pub fn run(&self, args: &[&str]) -> String {
        let socket = self.folder.join("socket");
        let output = Command::new(&self.tmux)
            .arg("-u")
            .arg("-S")
            .arg(socket)
            .args(args)
            .env_remove("TMUX")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Types a line.
    pub fn line(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
        self.run(&["send-keys", "Enter"]);
    }

    pub fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    pub fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// Whether the alternate screen is on, and the cursor is shown.
    pub fn modes(&self) -> (bool, bool) {
        let modes = self.run(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        let (alternate, cursor) = modes.trim().split_once(' ').unwrap();
        (alternate == "1", cursor == "1")
    }

    pub fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "waited for {what}:\n{screen}");
            sleep(Duration::from_millis(30));
        }
    }

    pub fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Types the command; the shell writes its process id and what `stty` says before and after, and prints its exit
    /// code.
    pub fn start(&self, envoy: &Replay, more: &str) {
        let command = env!("CARGO_BIN_EXE_mirrorctl");
        let folder = self.folder.display();
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let _ = fs::remove_file(self.folder.join("after"));
        self.line(&format!(
            "clear; stty -a >{folder}/before; sh -c 'echo $$ >{folder}/pid; exec {command} watch --envoy {} --interval 1s {more}'; \
             echo \"exit {run}: $?\"; stty -a >{folder}/after",
            envoy.url()
        ));
    }

    /// Starts the command and waits until it draws.
    pub fn watch(&self, envoy: &Replay, more: &str) {
        self.start(envoy, more);
        self.wait_for("Copies in the last 5 min");
        assert_eq!(
            self.modes(),
            (true, false),
            "it draws on the alternate screen, without a cursor"
        );
    }

    pub fn pid(&self) -> String {
        fs::read_to_string(self.folder.join("pid")).unwrap().trim().to_owned()
    }

    pub fn kill(&self, signal: &str) {
        assert!(
            Command::new("kill")
                .args([signal, &self.pid()])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the end, and checks that the terminal is as it was.
    pub fn is_as_it_was(&self, exit: i32) {
        let screen = self.wait_for(&format!("exit {}: {exit}\n", self.runs.load(Ordering::SeqCst)));
        assert!(!screen.contains("Copies in the last"), "{screen}");
        assert_eq!(
            self.modes(),
            (false, true),
            "the alternate screen is left, the cursor shown"
        );
        let end = Instant::now() + PATIENCE;
        let [before, after] = ["before", "after"].map(|name| {
            loop {
                let said = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
                if said.contains(" echo ") || Instant::now() > end {
                    break said;
                }
                sleep(Duration::from_millis(30));
            }
        });
        // The size may have changed meanwhile.
        let without_size = |said: &str| said.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(without_size(&after), without_size(&before));
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let socket = self.folder.join("socket");
        let _ = Command::new(&self.tmux)
            .arg("-S")
            .arg(socket)
            .arg("kill-server")
            .output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
