//! What `watch` draws, cell by cell: `tests/watch/NAME.WIDTHxHEIGHT.txt` holds each screen. `UPDATE_GOLDEN=1` writes
//! what is drawn now; look at it before committing it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::common::moments::{Mirrored, NOW, healthy, history, losing, moment, native, silent, who, who_many};
use mirrorctl::watch::draw::draw;
use mirrorctl::watch::look::{Look, Variables};
use mirrorctl::watch::scene::{Moment, Scene, Who};
use mirrorctl::watch::ui::Ui;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

const FULL: Look = Look {
    colour: true,
    unicode: true,
};

const NONE: std::ops::Range<i64> = 0..0;

struct Shot {
    name: &'static str,
    who: Who,
    moment: Option<Moment>,
    ui: Ui,
    look: Look,
    sizes: &'static [(u16, u16)],
}

const SIZES: &[(u16, u16)] = &[(80, 24), (120, 40)];

fn shot(name: &'static str, moment: Option<Moment>) -> Shot {
    Shot {
        name,
        who: who(),
        moment,
        ui: Ui::default(),
        look: FULL,
        sizes: SIZES,
    }
}

fn sixteen() -> Vec<Mirrored> {
    const NAMES: [&str; 16] = [
        "a-shadow-whose-name-takes-all-of-sixty-three-characters-000001",
        "a-shadow-whose-name-takes-all-of-sixty-three-characters-000002",
        "a-shadow-whose-name-takes-all-of-sixty-three-characters-000003",
        "a-shadow-whose-name-takes-all-of-sixty-three-characters-000004",
        "a-shadow-whose-name-takes-all-of-sixty-three-characters-000005",
        "a-shadow-whose-name-takes-all-of-sixty-three-characters-000006",
        "b7",
        "b8",
        "b9",
        "b10",
        "b11",
        "b12",
        "b13",
        "b14",
        "b15",
        "b16",
    ];
    let mirror = |name| Mirrored { name, ..healthy() };
    NAMES.into_iter().map(mirror).collect()
}

/// Every screen that is held.
fn shots() -> Vec<Shot> {
    [of_mirrors(), of_nothing(), after_keys(), of_terminals()]
        .into_iter()
        .flatten()
        .collect()
}

/// A mirror that does well.
fn well() -> Moment {
    moment(&history(&[healthy()], 280, 1, NONE), &[])
}

/// A mirror that loses copies.
fn badly() -> Moment {
    moment(&history(&[losing()], 290, 1, NONE), &[])
}

/// What mirrors and their proxies do.
fn of_mirrors() -> Vec<Shot> {
    vec![
        shot("healthy", Some(well())),
        shot("losing", Some(badly())),
        shot(
            "outage",
            Some(Moment {
                endpoints: vec![silent(75)],
                ..moment(&history(&[healthy()], 280, 75, NONE), &[])
            }),
        ),
        shot("recovered", Some(moment(&history(&[healthy()], 280, 1, 60..150), &[]))),
        Shot {
            who: who_many(),
            ..shot(
                "one_of_two_is_silent",
                Some(Moment {
                    endpoints: vec![well().endpoints[0].clone(), silent(75)],
                    ..well()
                }),
            )
        },
        shot("first_reading", Some(moment(&history(&[healthy()], 1, 1, NONE), &[]))),
        shot("native", Some(moment(&history(&[native()], 280, 1, NONE), &[]))),
    ]
}

/// What is shown while nothing is known.
fn of_nothing() -> Vec<Shot> {
    vec![
        shot("waiting", None),
        shot(
            "never_answered",
            Some(Moment {
                endpoints: vec![silent(12)],
                has_answered: false,
                ..moment(&history(&[], 2, 1, NONE), &[])
            }),
        ),
        shot("no_filter", Some(moment(&history(&[], 2, 1, NONE), &[]))),
        shot(
            "not_loaded",
            Some(moment(&history(&[], 9, 1, NONE), &["reviews-v2".to_owned()])),
        ),
        shot(
            "no_such_mirror",
            Some({
                let mut all = moment(&history(&[healthy()], 280, 1, NONE), &["nobody-has-it".to_owned()]);
                all.short.mirrors.retain(|mirror| mirror.name == "nobody-has-it");
                all
            }),
        ),
    ]
}

/// What keys change.
fn after_keys() -> Vec<Shot> {
    let with_ui = |shot: Shot, change: fn(&mut Ui)| {
        let mut ui = Ui::default();
        change(&mut ui);
        Shot { ui, ..shot }
    };
    vec![
        with_ui(
            shot("half_an_hour", Some(moment(&history(&[losing()], 1795, 1, NONE), &[]))),
            |ui| {
                (ui.is_long, ui.percentile) = (true, 2);
            },
        ),
        with_ui(shot("help", Some(well())), |ui| ui.help = true),
        with_ui(shot("paused", Some(well())), |ui| ui.paused = true),
        with_ui(
            shot("sixteen", Some(moment(&history(&sixteen(), 60, 1, NONE), &[]))),
            |ui| {
                ui.mirror = Some("b9".to_owned());
            },
        ),
        with_ui(
            shot("long_names", Some(moment(&history(&sixteen(), 60, 1, NONE), &[]))),
            |ui| ui.paused = true,
        ),
    ]
}

/// What terminals can show.
fn of_terminals() -> Vec<Shot> {
    vec![
        Shot {
            look: Look { colour: false, ..FULL },
            ..shot("no_colour", Some(badly()))
        },
        Shot {
            look: Look {
                colour: false,
                unicode: false,
            },
            ..shot("ascii", Some(badly()))
        },
        Shot {
            sizes: &[
                (40, 10),
                (39, 10),
                (40, 9),
                (20, 5),
                (7, 2),
                (60, 24),
                (63, 50),
                (80, 16),
                (200, 20),
                (300, 100),
            ],
            ..shot("sizes", Some(badly()))
        },
    ]
}

fn drawn(shot: &Shot, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let scene = Scene {
        who: &shot.who,
        moment: shot.moment.as_ref(),
        ui: &shot.ui,
        now: NOW,
        look: shot.look,
    };
    terminal
        .draw(|frame| draw(&scene, frame.area(), frame.buffer_mut()))
        .unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    rows.map(|row| {
        let row: String = row.iter().map(|cell| cell.symbol()).collect();
        format!("{}\n", row.trim_end())
    })
    .collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/watch")
}

#[test]
fn every_screen_is_drawn_as_it_is_held() {
    let mut differing = Vec::new();
    let mut held = BTreeSet::new();
    for shot in shots() {
        for &size in shot.sizes {
            let name = format!("{}.{}x{}.txt", shot.name, size.0, size.1);
            let path = folder().join(&name);
            let drawn = text(&drawn(&shot, size));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, &drawn).expect("written");
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if drawn != expected {
                differing.push(format!("=== {name}\n{drawn}--- held\n{expected}"));
            }
            held.insert(name);
        }
    }
    assert!(
        differing.is_empty(),
        "{}\nUPDATE_GOLDEN=1 writes them anew",
        differing.join("\n")
    );
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(held.contains(&name), "nothing draws tests/watch/{name}");
    }
}

/// What a text cannot show: which cells have which colour, and that without colour there is none.
#[test]
fn colours_are_used_where_they_are_wanted_and_nowhere_else() {
    for shot in shots() {
        let buffer = drawn(&shot, (120, 40));
        let colours: BTreeSet<String> = buffer
            .content()
            .iter()
            .flat_map(|cell| [cell.fg, cell.bg])
            .filter(|colour| *colour != Color::Reset)
            .map(|colour| format!("{colour:?}"))
            .collect();
        match shot.look.colour {
            false => assert!(colours.is_empty(), "{}: {colours:?}", shot.name),
            // Indexed colours are those that no theme changes.
            true => assert!(
                colours.iter().all(|colour| colour.starts_with("Indexed")),
                "{colours:?}"
            ),
        }
    }
    let buffer = drawn(&shots()[0], (120, 40));
    let of = |colour| {
        buffer
            .content()
            .iter()
            .filter(|cell| cell.fg == Color::Indexed(colour))
            .count()
    };
    assert!(of(32) > 50 && of(166) > 50, "{} {}", of(32), of(166));
}

#[test]
fn in_ascii_every_cell_is_ascii() {
    for shot in shots() {
        let look = Look {
            unicode: false,
            ..shot.look
        };
        for size in [(120, 40), (80, 24), (40, 10), (30, 5)] {
            let drawn = text(&drawn(&Shot { look, ..shot_of(&shot) }, size));
            assert!(drawn.is_ascii(), "{}\n{drawn}", shot.name);
        }
    }
}

fn shot_of(shot: &Shot) -> Shot {
    Shot {
        name: shot.name,
        who: shot.who.clone(),
        moment: shot.moment.clone(),
        ui: shot.ui.clone(),
        look: shot.look,
        sizes: shot.sizes,
    }
}

#[test]
fn pause_is_marked_without_colour_too() {
    let paused = Shot {
        look: Look { colour: false, ..FULL },
        ..shots().into_iter().find(|shot| shot.name == "paused").unwrap()
    };
    let buffer = drawn(&paused, (80, 24));
    let marked: String = buffer
        .content()
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::REVERSED))
        .map(|cell| cell.symbol())
        .collect();
    assert!(marked.contains(" PAUSED "), "{marked}");
}

#[test]
fn a_terminal_shows_what_its_variables_say() {
    let look = |no_color, term, locale| {
        let look = Look::of(&Variables { no_color, term, locale });
        (look.colour, look.unicode)
    };
    let xterm = Some("xterm-256color");
    assert_eq!(look(None, xterm, Some("en_US.UTF-8")), (true, true));
    assert_eq!(look(None, xterm, Some("C.utf8")), (true, true));
    assert_eq!(look(Some("1"), xterm, Some("C.UTF-8")), (false, true));
    assert_eq!(
        look(Some(""), xterm, Some("C.UTF-8")),
        (true, true),
        "an empty NO_COLOR says nothing (no-color.org)"
    );
    assert_eq!(look(None, xterm, Some("C")), (true, false));
    assert_eq!(look(None, xterm, None), (true, false));
    assert_eq!(look(None, Some("linux"), Some("C.UTF-8")), (true, false));
    assert_eq!(look(None, Some("dumb"), Some("C.UTF-8")), (false, false));
    assert_eq!(look(None, Some("vt100"), Some("C.UTF-8")), (false, false));
    assert_eq!(look(None, None, Some("C.UTF-8")), (false, false));
}
