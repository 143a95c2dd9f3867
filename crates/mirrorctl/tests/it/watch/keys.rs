//! What each key does, and that no state of the world makes the drawing fail.

use mirrorctl::watch::ui::{KEYS, Ui, Wish};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn control(character: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL)
}

fn pressed(ui: &Ui, key: KeyEvent, names: &[&str]) -> (Ui, Wish) {
    let mut ui = ui.clone();
    let wish = ui.press(key, names);
    (ui, wish)
}

#[test]
fn keys_go_round_the_mirrors_both_ways() {
    let next = [KeyCode::Tab, KeyCode::Right, KeyCode::Down, KeyCode::Char('n')];
    let previous = [KeyCode::BackTab, KeyCode::Left, KeyCode::Up, KeyCode::Char('p')];
    for (codes, ways) in [(next, [1, 2, 0]), (previous, [2, 1, 0])] {
        for code in codes {
            let mut ui = Ui::default();
            assert_eq!(ui.place(&NAMES), 0);
            for place in ways {
                assert_eq!(ui.press(key(code), &NAMES), Wish::Draw);
                assert_eq!(ui.place(&NAMES), place, "{code:?}");
            }
        }
    }
}

#[test]
fn the_chosen_mirror_stays_chosen_when_others_come_and_go() {
    let (ui, _) = pressed(&Ui::default(), key(KeyCode::Tab), &NAMES);
    assert_eq!(ui.place(&["0", "a", "b"]), 2);
    assert_eq!(ui.place(&["a", "c"]), 0, "it is gone: the first");
    let (ui, wish) = pressed(&ui, key(KeyCode::Tab), &[]);
    assert_eq!((ui.place(&[]), wish), (0, Wish::Draw));
}

/// A display that nobody has touched does not jump to a mirror that begins and sorts first.
#[test]
fn the_first_mirror_seen_stays_chosen_when_another_comes_before_it() {
    let mut ui = Ui::default();
    ui.meet(&[]);
    assert_eq!(ui.mirror, None);
    ui.meet(&["b"]);
    ui.meet(&["a", "b"]);
    assert_eq!(ui.place(&["a", "b"]), 1);
}

#[test]
fn each_key_changes_one_thing() {
    let begin = Ui::default();
    let cases: [(KeyEvent, Ui, Wish); 14] = [
        (
            key(KeyCode::Char('w')),
            Ui {
                is_long: true,
                ..begin.clone()
            },
            Wish::Draw,
        ),
        (
            key(KeyCode::Char('l')),
            Ui {
                percentile: 2,
                ..begin.clone()
            },
            Wish::Draw,
        ),
        (
            key(KeyCode::Char(' ')),
            Ui {
                paused: true,
                ..begin.clone()
            },
            Wish::Draw,
        ),
        (
            key(KeyCode::Char('?')),
            Ui {
                help: true,
                ..begin.clone()
            },
            Wish::Draw,
        ),
        (
            key(KeyCode::Char('h')),
            Ui {
                help: true,
                ..begin.clone()
            },
            Wish::Draw,
        ),
        (
            key(KeyCode::F(1)),
            Ui {
                help: true,
                ..begin.clone()
            },
            Wish::Draw,
        ),
        (key(KeyCode::Char('q')), begin.clone(), Wish::Quit),
        (key(KeyCode::Esc), begin.clone(), Wish::Quit),
        (control('c'), begin.clone(), Wish::Quit),
        (control('z'), begin.clone(), Wish::Suspend),
        (control('l'), begin.clone(), Wish::Draw),
        (control('w'), begin.clone(), Wish::Nothing),
        (key(KeyCode::Char('x')), begin.clone(), Wish::Nothing),
        (key(KeyCode::Enter), begin.clone(), Wish::Nothing),
    ];
    for (key, expected, wish) in cases {
        assert_eq!(pressed(&begin, key, &NAMES), (expected, wish), "{key:?}");
    }
}

#[test]
fn toggles_come_back_and_percentiles_go_round() {
    for (code, times) in [('w', 2), (' ', 2), ('?', 2), ('l', 3)] {
        let mut ui = Ui::default();
        for _ in 0..times {
            ui.press(key(KeyCode::Char(code)), &NAMES);
        }
        assert_eq!(ui, Ui::default(), "{code}");
    }
}

#[test]
fn what_closes_the_program_closes_the_help_first() {
    for code in [KeyCode::Char('q'), KeyCode::Esc] {
        let open = Ui {
            help: true,
            ..Ui::default()
        };
        assert_eq!(pressed(&open, key(code), &NAMES), (Ui::default(), Wish::Draw));
    }
    let open = Ui {
        help: true,
        ..Ui::default()
    };
    assert_eq!(pressed(&open, control('c'), &NAMES).1, Wish::Quit);
}

#[test]
fn a_released_key_does_nothing() {
    let mut released = key(KeyCode::Char('q'));
    released.kind = KeyEventKind::Release;
    assert_eq!(
        pressed(&Ui::default(), released, &NAMES),
        (Ui::default(), Wish::Nothing)
    );
}

#[test]
fn the_documentation_names_every_key() {
    let page = include_str!("../../../../../docs/mirrorctl.md");
    for (keys, does) in KEYS {
        let row = page.lines().find(|line| line.starts_with('|') && line.contains(does));
        let row = row.unwrap_or_else(|| panic!("docs/mirrorctl.md does not say: {does}"));
        for key in keys.split("  ") {
            assert!(row.contains(&format!("`{key}`")), "{row}: {key}");
        }
    }
}
