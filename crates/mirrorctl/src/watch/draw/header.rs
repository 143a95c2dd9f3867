//! Above the charts: which mirror, how it does, what is set and what happens, who is asked, and what to do.

use ratatui::text::{Line, Span};

use super::text;
use crate::live::feed::SourceEndpoint;
use crate::live::source::SourceKind;
use crate::live::state::State;
use crate::live::view::MirrorView;
use crate::watch::numbers;
use crate::watch::scene::Scene;
use crate::watch::ui::percentile;

/// Names the mirror, its state, its settings and the source.
pub fn header(scene: &Scene<'_>, width: usize, height: u16) -> Vec<Line<'static>> {
    let mut lines = vec![title(scene, width)];
    if height >= 22 {
        lines.extend(tabs(scene, width));
    }
    if let Some((_, mirror)) = scene.mirror() {
        let rows = if height >= 30 { 3 } else { 1 };
        let facts = text::flow(facts(scene, mirror, height >= 30), 2, width);
        lines.extend(facts.into_iter().take(rows));
    }
    if height >= 16 {
        lines.push(source(scene, width));
    }
    lines
}

/// What somebody should know or do: who does not answer and why, then the advice. So many lines at most.
pub fn notices(scene: &Scene<'_>, width: usize, rows: usize) -> Vec<Line<'static>> {
    let look = scene.look;
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut say = |said: &str, style| {
        let wrapped = text::wrap(said, width, look);
        lines.extend(wrapped.into_iter().map(|line| Line::styled(line, style)));
    };
    for said in outages(scene) {
        say(&said, look.alarm());
    }
    for said in advice(scene) {
        say(&said, ratatui::style::Style::new());
    }
    if lines.len() > rows {
        let more = lines.len() - rows;
        lines.truncate(rows);
        if let Some(last) = lines.last_mut() {
            let hint = format!(" (+{more})");
            let style = last.style;
            let said: String = last.spans.iter().map(|span| span.content.as_ref()).collect();
            let said = text::clip(&said, width.saturating_sub(hint.len()), look);
            *last = Line::styled(format!("{said}{hint}"), style);
        }
    }
    lines
}

/// The name and the state left, the place among all and whether it is paused right.
fn title(scene: &Scene<'_>, width: usize) -> Line<'static> {
    let look = scene.look;
    let mut right: Vec<Span<'static>> = Vec::new();
    if scene.ui.paused {
        right.push(Span::styled(" PAUSED ", look.marked().patch(look.strong())));
    }
    let Some((place, mirror)) = scene.mirror() else {
        let mut spans = vec![Span::styled("mirrorctl watch ", look.strong())];
        spans.extend(right);
        return Line::from(spans);
    };
    let all = scene.view().map_or(0, |view| view.mirrors.len());
    if all > 1 {
        right.push(Span::styled(format!(" {} of {all}", place + 1), look.quiet()));
    }
    let (word, style) = state(scene, mirror);
    let left = vec![
        Span::raw("  "),
        Span::styled(word, style),
        Span::styled(format!("  engine {}", mirror.engine.as_str()), look.quiet()),
    ];
    let used: usize = left.iter().chain(&right).map(Span::width).sum();
    let name = text::clip(&mirror.name, width.saturating_sub(used), look);
    let free = width.saturating_sub(used + text::width(&name));
    let name = Span::styled(name, look.strong());
    let gap = Span::raw(" ".repeat(free));
    Line::from([vec![name], left, vec![gap], right].concat())
}

fn state(scene: &Scene<'_>, mirror: &MirrorView) -> (String, ratatui::style::Style) {
    let look = scene.look;
    if scene.moment.is_some_and(super::Moment::is_outage) {
        // The proxies' silence says nothing about what they do.
        return ("unknown".to_owned(), look.alarm());
    }
    let (sign, style) = match mirror.state {
        State::Mirroring => (look.sign("● ", ""), look.strong()),
        State::NoTraffic | State::Paused => (look.sign("○ ", ""), look.strong()),
        _ => (look.sign("▲ ", "! "), look.alarm()),
    };
    (format!("{sign}{}", mirror.state), style)
}

/// The names of all mirrors around the chosen one; those that somebody should look at have an exclamation mark.
fn tabs(scene: &Scene<'_>, width: usize) -> Option<Line<'static>> {
    let (place, _) = scene.mirror()?;
    let mirrors = &scene.view()?.mirrors;
    if mirrors.len() < 2 {
        return None;
    }
    let look = scene.look;
    let tab = |mirror: &MirrorView| {
        let calls = !matches!(mirror.state, State::Mirroring | State::NoTraffic | State::Paused);
        let calls = calls && !scene.moment.is_some_and(super::Moment::is_outage);
        format!(
            " {}{} ",
            text::clip(&mirror.name, 24, look),
            if calls { "!" } else { "" }
        )
    };
    let tabs: Vec<String> = mirrors.iter().map(tab).collect();
    // From the chosen one to both sides, as long as there is room.
    let (mut from, mut to) = (place, place + 1);
    let wide =
        |from: usize, to: usize| -> usize { tabs.iter().take(to).skip(from).map(|tab| text::width(tab) + 1).sum() };
    loop {
        let before = (from, to);
        if to < tabs.len() && wide(from, to + 1) <= width.saturating_sub(4) {
            to += 1;
        }
        if from > 0 && wide(from - 1, to) <= width.saturating_sub(4) {
            from -= 1;
        }
        if (from, to) == before {
            break;
        }
    }
    let more = |is_more: bool, sign: &'static str| Span::styled(if is_more { sign } else { "" }, look.quiet());
    let mut spans = vec![more(from > 0, look.sign("‹ ", "< "))];
    for (index, tab) in tabs.into_iter().enumerate().take(to).skip(from) {
        if index > from {
            spans.push(Span::styled(look.sign("│", "|"), look.quiet()));
        }
        match index == place {
            true => spans.push(Span::styled(tab, look.marked())),
            false => spans.push(Span::styled(tab, look.quiet())),
        }
    }
    spans.push(more(to < mirrors.len(), look.sign(" ›", " >")));
    Some(Line::from(spans))
}

/// What is set and what happens now, a piece each, the most telling first.
fn facts(scene: &Scene<'_>, mirror: &MirrorView, has_limits: bool) -> Vec<Vec<Span<'static>>> {
    let (look, set, now) = (scene.look, &mirror.set, &mirror.now);
    let unknown = || look.sign("–", "-").to_owned();
    let mut facts: Vec<(&str, String, String, bool)> = Vec::new();
    let alone = String::new;
    if let Some(percentage) = set.percentage {
        facts.push(("set", numbers::set_percent(percentage), alone(), false));
    }
    let actual = mirror.window.actual_percentage;
    if actual.is_some() || set.percentage.is_some() {
        facts.push(("actual", actual.map_or_else(unknown, numbers::percent), alone(), false));
    }
    let (loaded, answering) = mirror.proxies;
    facts.push(("proxies", format!("{loaded}/{answering}"), alone(), loaded < answering));
    if let Some(seconds) = set.expires_at.map(|at| at.saturating_sub(scene.now / 1000)) {
        match seconds > 0 {
            true => facts.push(("expires in", numbers::span(seconds), alone(), seconds < 3600)),
            false => facts.push((
                "expired",
                numbers::span(seconds.saturating_neg()),
                " ago".to_owned(),
                true,
            )),
        }
    } else if set.percentage.is_some() {
        facts.push(("expires", "never".to_owned(), alone(), false));
    }
    if let Some(open) = now.breakers_open.filter(|open| *open > 0.0) {
        facts.push(("breakers open", numbers::count(open), alone(), true));
    }
    let limit = |limit: Option<f64>, say: fn(f64) -> String| {
        let limit = limit.filter(|limit| *limit > 0.0 && has_limits);
        limit.map_or_else(String::new, |limit| format!(" (limit {} a worker)", say(limit)))
    };
    if let Some(in_flight) = now.in_flight {
        let limit = limit(set.max_in_flight, numbers::count);
        facts.push(("in flight", numbers::count(in_flight), limit, false));
    }
    if let Some(bytes) = now.buffered_bytes {
        let limit = limit(set.max_buffered_bytes, numbers::bytes);
        facts.push(("buffered", numbers::bytes(bytes), limit, false));
    }
    let piece = |(name, value, more, calls): (&str, String, String, bool)| {
        let style = if calls { look.alarm() } else { look.strong() };
        vec![
            Span::styled(format!("{name} "), look.quiet()),
            Span::styled(value, style),
            Span::styled(more, look.quiet()),
        ]
    };
    facts.into_iter().map(piece).collect()
}

/// Who is asked, about which time.
fn source(scene: &Scene<'_>, width: usize) -> Line<'static> {
    let look = scene.look;
    let kind = match scene.who.kind {
        SourceKind::Envoy => "Envoy",
        SourceKind::Prometheus => "Prometheus",
    };
    let first = scene.who.urls.first().cloned().unwrap_or_default();
    let others = match scene.who.urls.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let window = window_name(scene.ui.is_long);
    let until = match scene.view().and_then(|view| view.at) {
        Some(at) => format!("last {window} until {}", numbers::clock(at)),
        None => format!("last {window}"),
    };
    let dot = look.sign("·", "-");
    let room = width.saturating_sub(text::width(kind) + text::width(&others) + text::width(&until) + 5);
    let first = text::clip(&first, room, look);
    Line::styled(format!("{kind} {first}{others}  {dot} {until}"), look.quiet())
}

/// A line for everyone who does not answer; if there are many, how many, and the first.
fn outages(scene: &Scene<'_>) -> Vec<String> {
    let endpoints = scene
        .moment
        .map(|moment| moment.endpoints.as_slice())
        .unwrap_or_default();
    let silent: Vec<(&SourceEndpoint, &str)> = endpoints
        .iter()
        .filter_map(|endpoint| Some((endpoint, endpoint.problem.as_deref()?)))
        .collect();
    let say = |(endpoint, problem): &(&SourceEndpoint, &str)| {
        let since = endpoint.since.map_or_else(String::new, |since| {
            let seconds = scene.now.saturating_sub(since) / 1000;
            format!(" since {} ({})", numbers::clock(since), numbers::span(seconds))
        });
        format!("No answer from {}{since}: {problem}", endpoint.name)
    };
    match silent.as_slice() {
        [first, _, _, ..] => vec![format!(
            "{} of {} do not answer. {}",
            silent.len(),
            endpoints.len(),
            say(first)
        )],
        few => few.iter().map(say).collect(),
    }
}

fn advice(scene: &Scene<'_>) -> Vec<String> {
    match scene.mirror() {
        // In an outage nothing is known that could be advised upon.
        _ if scene.moment.is_some_and(super::Moment::is_outage) => Vec::new(),
        // Without charts it is said in their place.
        Some((_, mirror)) if scene.lacks_filter() && mirror.window.seconds > 0.0 => vec![scene.who.no_filter.clone()],
        Some((_, mirror)) if !scene.lacks_filter() => mirror.advice.clone(),
        _ => Vec::new(),
    }
}

/// What a window is called.
pub fn window_name(is_long: bool) -> &'static str {
    if is_long { "30 min" } else { "5 min" }
}

/// The keys, as many as fit.
pub fn footer(scene: &Scene<'_>, width: usize) -> Line<'static> {
    let look = scene.look;
    let several = scene.view().is_some_and(|view| view.mirrors.len() > 1);
    let keys = [
        ("q", "quit", true),
        ("?", "help", true),
        ("Space", if scene.ui.paused { "go on" } else { "pause" }, true),
        ("w", window_name(!scene.ui.is_long), true),
        ("l", percentile(scene.ui.percentile + 1), true),
        ("Tab", "next mirror", several),
    ];
    let piece = |(key, does, _): (&'static str, &'static str, bool)| {
        vec![
            Span::styled(format!(" {key} "), look.marked()),
            Span::styled(format!(" {does}"), look.quiet()),
        ]
    };
    let pieces = keys.into_iter().filter(|(.., is_shown)| *is_shown).map(piece).collect();
    text::flow(pieces, 2, width).into_iter().next().unwrap_or_default()
}
