//! `watch` in a real terminal: tmux runs a shell, the shell runs the built command against a server that replays a real
//! Envoy, keys are pressed, and what is on the screen is read back. However it ends, the terminal is as it was.
//!
//! `TMUX_PATH` names the tmux (`make test-mirrorctl` brings one); without it and without one on `PATH` this is skipped.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]
#![cfg(unix)]

#[path = "common/replay.rs"]
mod replay;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mirrorctl::watch::screen::Screen;
use replay::Replay;

/// A terminal with a shell in it.
struct Pane {
    tmux: PathBuf,
    folder: PathBuf,
    /// How often the command was started: what it left on the screen is told apart by it.
    runs: AtomicU32,
}

/// What to wait for at most. A test that passes waits as long as it must.
const PATIENCE: Duration = Duration::from_secs(60);

/// The tmux, if there is one.
fn tmux() -> Option<PathBuf> {
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
    fn open(environment: &[&str]) -> Option<Self> {
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

    fn run(&self, args: &[&str]) -> String {
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
    fn line(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
        self.run(&["send-keys", "Enter"]);
    }

    fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// Whether the alternate screen is on, and the cursor is shown.
    fn modes(&self) -> (bool, bool) {
        let modes = self.run(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        let (alternate, cursor) = modes.trim().split_once(' ').unwrap();
        (alternate == "1", cursor == "1")
    }

    fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
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

    fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Types the command; the shell writes its process id and what `stty` says before and after, and prints its exit code.
    fn start(&self, envoy: &Replay, more: &str) {
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
    fn watch(&self, envoy: &Replay, more: &str) {
        self.start(envoy, more);
        self.wait_for("Copies in the last 5 min");
        assert_eq!(
            self.modes(),
            (true, false),
            "it draws on the alternate screen, without a cursor"
        );
    }

    fn pid(&self) -> String {
        fs::read_to_string(self.folder.join("pid")).unwrap().trim().to_owned()
    }

    fn kill(&self, signal: &str) {
        assert!(
            Command::new("kill")
                .args([signal, &self.pid()])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the end, and checks that the terminal is as it was.
    fn is_as_it_was(&self, exit: i32) {
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

const FULL: &[&str] = &["LANG=C.UTF-8", "TERM=screen-256color"];

#[test]
fn keys_and_sizes_are_answered_and_outages_come_and_go() {
    let Some(pane) = Pane::open(FULL) else { return };
    let envoy = Replay::recorded();
    pane.watch(&envoy, "");
    let screen = pane.wait("rates", |screen| screen.contains("primary") && screen.contains("/s"));
    assert!(screen.starts_with(" reviews-v2"), "{screen}");
    for (key, shown) in [
        ("w", "last 30 min"),
        ("w", "last 5 min"),
        ("l", "Latency p99"),
        ("l", "Latency p50"),
    ] {
        pane.press(key);
        pane.wait_for(shown);
    }
    pane.press("?");
    pane.wait_for("this help");
    pane.press("Escape");
    pane.wait("no help", |screen| !screen.contains("this help"));

    // Paused, the display stands still while time goes on.
    pane.press("Space");
    let paused = pane.wait_for("PAUSED");
    let clock = |screen: &str| {
        screen
            .split_once("until ")
            .map(|(_, rest)| rest.get(..8).unwrap().to_owned())
            .unwrap()
    };
    pane.press("?");
    pane.wait_for("this help");
    pane.press("?");
    let still = pane.wait("no help", |screen| !screen.contains("this help"));
    assert_eq!(clock(&still), clock(&paused));
    pane.press("Space");
    pane.wait("a later time", |screen| {
        !screen.contains("PAUSED") && clock(screen) != clock(&paused)
    });

    for (width, height) in [(120, 40), (40, 10), (100, 30)] {
        pane.run(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
        pane.wait("the footer at the bottom", |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            lines.len() == height && lines.last().is_some_and(|line| line.contains("quit"))
        });
    }
    pane.run(&["resize-window", "-x", "30", "-y", "8"]);
    pane.wait_for("too small");
    pane.run(&["resize-window", "-x", "80", "-y", "24"]);
    pane.wait_for("Copies in the last 5 min");

    envoy.set_silent(true);
    pane.wait_for(&format!("No answer from {} since", envoy.url()));
    envoy.set_silent(false);
    pane.wait("the recovery", |screen| !screen.contains("No answer from"));

    pane.press("q");
    pane.is_as_it_was(0);
}

#[test]
fn keys_are_answered_while_an_answer_is_awaited() {
    let Some(pane) = Pane::open(FULL) else { return };
    let envoy = Replay::recorded();
    pane.watch(&envoy, "");
    envoy.hang();
    // On a busy machine the asker may give up before the key's effect is read back, but not each time.
    for (index, shown) in ["last 30 min", "last 5 min"].into_iter().cycle().take(10).enumerate() {
        let end = Instant::now() + PATIENCE;
        let before = loop {
            let (hung, given_up) = envoy.hung();
            if hung > given_up {
                break given_up;
            }
            assert!(Instant::now() < end, "nothing is asked");
            sleep(Duration::from_millis(10));
        };
        pane.press("w");
        pane.wait_for(shown);
        if envoy.hung().1 == before {
            pane.press("q");
            pane.is_as_it_was(0);
            return;
        }
        println!("try {index}: the question was given up meanwhile");
    }
    panic!("keys wait for answers");
}

#[test]
fn the_terminal_is_as_it_was_after_every_end() {
    let Some(pane) = Pane::open(FULL) else { return };
    let envoy = Replay::recorded();
    for key in ["q", "Escape", "C-c"] {
        pane.watch(&envoy, "");
        pane.press(key);
        pane.is_as_it_was(0);
    }
    for signal in ["-TERM", "-HUP", "-INT"] {
        pane.watch(&envoy, "");
        pane.kill(signal);
        pane.is_as_it_was(0);
    }
    for limit in ["--count 2", "--for 1s"] {
        pane.start(&envoy, limit);
        pane.is_as_it_was(0);
    }
}

/// The window is closed, or the connection to the machine ends.
#[test]
fn without_its_terminal_it_ends() {
    let Some(pane) = Pane::open(FULL) else { return };
    let envoy = Replay::recorded();
    pane.watch(&envoy, "");
    let pid = pane.pid();
    pane.run(&["kill-server"]);
    let end = Instant::now() + PATIENCE;
    while Command::new("kill")
        .args(["-0", &pid])
        .output()
        .unwrap()
        .status
        .success()
    {
        assert!(Instant::now() < end, "it lives on without a terminal");
        sleep(Duration::from_millis(30));
    }
}

/// A job may come through a pipe: keys come from the terminal all the same.
#[test]
fn standard_input_may_be_a_pipe() {
    let Some(pane) = Pane::open(FULL) else { return };
    let envoy = Replay::recorded();
    pane.line(&format!(
        "clear; true | {} watch --envoy {}; echo \"exit $?\"",
        env!("CARGO_BIN_EXE_mirrorctl"),
        envoy.url()
    ));
    pane.wait_for("Copies in the last 5 min");
    pane.press("q");
    pane.wait_for("exit 0\n");
    assert_eq!(pane.modes(), (false, true));
}

#[test]
fn it_can_be_suspended_and_goes_on() {
    let Some(pane) = Pane::open(FULL) else { return };
    let envoy = Replay::recorded();
    for way in ["key", "signal"] {
        pane.watch(&envoy, "");
        match way {
            "key" => pane.press("C-z"),
            _ => pane.kill("-TSTP"),
        }
        let screen = pane.wait("the shell", |screen| screen.to_lowercase().contains("stopped"));
        assert!(!screen.contains("Copies in the last"), "{screen}");
        assert_eq!(pane.modes(), (false, true), "{way}");
        let run = pane.runs.fetch_add(1, Ordering::SeqCst) + 1;
        pane.line(&format!("clear; fg; echo \"exit {run}: $?\""));
        pane.wait_for("Copies in the last 5 min");
        assert_eq!(pane.modes(), (true, false), "{way}");
        pane.press("q");
        pane.is_as_it_was(0);
    }
}

#[test]
fn without_colour_and_in_ascii() {
    for (environment, has_colour, is_ascii) in [
        (
            &["LANG=C.UTF-8", "TERM=screen-256color", "NO_COLOR=1"][..],
            false,
            false,
        ),
        (&["LANG=C", "TERM=screen-256color"][..], true, true),
        (&["LANG=C.UTF-8", "TERM=dumb"][..], false, true),
    ] {
        let Some(pane) = Pane::open(environment) else { return };
        pane.watch(&Replay::recorded(), "");
        let screen = pane.run(&["capture-pane", "-p", "-e"]);
        assert_eq!(screen.contains("38;5;"), has_colour, "{environment:?}\n{screen}");
        assert_eq!(screen.is_ascii(), is_ascii, "{environment:?}\n{screen}");
        pane.press("q");
        pane.is_as_it_was(0);
    }
}

#[test]
fn after_a_panic_the_terminal_is_as_it_was_and_shows_why() {
    let Some(pane) = Pane::open(FULL) else { return };
    let folder = pane.folder.display();
    let this = std::env::current_exe().unwrap();
    pane.line(&format!(
        "clear; stty -a >{folder}/before; RUST_BACKTRACE=0 {} --ignored --exact --nocapture panics_in_the_terminal; echo \"exit 0: $?\"; \
         stty -a >{folder}/after",
        this.display()
    ));
    pane.is_as_it_was(101);
    let screen = pane.screen();
    assert!(screen.contains("told to panic"), "{screen}");
}

/// Run by the test above, in a terminal.
#[test]
#[ignore = "it fails: another test runs it in a terminal"]
fn panics_in_the_terminal() {
    let _screen = Screen::take().expect("a terminal");
    std::thread::spawn(|| panic!("told to panic")).join().expect("no panic");
}
