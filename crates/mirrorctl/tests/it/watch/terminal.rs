//! `watch` in a real terminal: tmux runs a shell, the shell runs the built command against a server that replays a real
//! Envoy, keys are pressed, and what is on the screen is read back. However it ends, the terminal is as it was.
//!
//! `TMUX_PATH` names the tmux (`make test-mirrorctl` brings one); without it and without one on `PATH` this is skipped.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::pane::{PATIENCE, Pane};
use crate::common::replay::Replay;
use mirrorctl::watch::screen::Screen;

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
        "clear; stty -a >{folder}/before; RUST_BACKTRACE=0 {} --ignored --exact --nocapture watch::terminal::panics_in_the_terminal; echo \"exit 0: $?\"; \
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
