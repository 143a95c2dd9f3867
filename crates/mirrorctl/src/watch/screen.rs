//! The terminal: taken over, drawn upon, and given back as it was, however the program ends. What happens arrives in
//! one queue: keys, sizes, signals and what the source said.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event as Input, KeyEvent};
use ratatui::crossterm::{cursor, execute, terminal};
use ratatui::layout::Rect;

use super::draw::draw;
use super::look::Look;
use super::scene::{Moment, Scene, Who};
use super::signals::{self, Signal};
use super::ui::{Ui, Wish};
use super::{Pace, poller};
use crate::live::args::Asked;
use crate::live::feed::Feed;

/// What happens.
enum Event {
    Moment(Box<Moment>),
    Key(KeyEvent),
    Resized,
    Signal(Signal),
    /// The terminal cannot be read any more.
    Lost(io::Error),
}

/// The terminal while it is ours.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

/// What is on display, and what has come in meanwhile.
struct Display {
    who: Who,
    ui: Ui,
    look: Look,
    latest: Option<Shown>,
    /// While it is paused: what was on display then, and at which time.
    frozen: Option<(Option<Shown>, i64)>,
}

/// A moment, and when it came.
#[derive(Clone)]
struct Shown {
    moment: Box<Moment>,
    came: Instant,
}

/// Whether the terminal is ours now: it is given back once, by whoever comes first.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// Times on display go on by themselves.
const TICK: Duration = Duration::from_secs(1);

/// Shows what a feed says until a key, a signal or a limit ends it.
///
/// # Errors
/// If the terminal cannot be used.
pub fn show(asked: Asked, feed: Feed, pace: Pace, look: Look) -> io::Result<()> {
    let mut display = Display {
        who: Who::of(&asked.source),
        ui: Ui::default(),
        look,
        latest: None,
        frozen: None,
    };
    let (sender, events) = mpsc::channel();
    let signal = sender.clone();
    signals::listen(true, move |one| signal.send(Event::Signal(one)).is_ok())?;
    let mut screen = Screen::take()?;
    read_keys(sender.clone())?;
    let poller = poller::start(asked, feed, pace.interval, move |asked, feed| {
        sender.send(Event::Moment(Box::new(Moment::of(asked, feed)))).is_ok()
    })?;
    let mut readings = 0;
    let end = pace.end(Instant::now());
    loop {
        screen.draw(&display)?;
        let wait = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()).min(TICK));
        match events.recv_timeout(wait) {
            Ok(Event::Moment(moment)) => {
                display.take(moment);
                readings += 1;
            }
            Ok(Event::Key(key)) => match display.press(key) {
                Wish::Quit => return Ok(()),
                Wish::Suspend => screen.suspend()?,
                Wish::Draw | Wish::Nothing => {}
            },
            Ok(Event::Signal(Signal::Stop)) => return Ok(()),
            Ok(Event::Signal(Signal::Suspend)) => screen.suspend()?,
            Ok(Event::Signal(Signal::Resume)) => screen.take_again()?,
            Ok(Event::Lost(error)) => return Err(error),
            Ok(Event::Resized) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if pace.is_reached(readings, end) {
            return screen.draw(&display);
        }
        if poller.is_finished() {
            return Err(io::Error::other("asking has stopped, which is a bug"));
        }
    }
}

/// Keys and sizes, from a thread of its own: it waits for them without end.
fn read_keys(sender: Sender<Event>) -> io::Result<()> {
    let read = move || {
        loop {
            let event = match event::read() {
                Ok(Input::Key(key)) => Event::Key(key),
                Ok(Input::Resize(..)) => Event::Resized,
                Ok(_) => continue,
                Err(error) => {
                    let _ = sender.send(Event::Lost(error));
                    return;
                }
            };
            if sender.send(event).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("keys".to_owned()).spawn(read)?;
    Ok(())
}

// === impl Display ===

impl Display {
    fn take(&mut self, moment: Box<Moment>) {
        let came = Instant::now();
        self.ui.meet(&moment.names());
        self.latest = Some(Shown { moment, came });
    }

    fn press(&mut self, key: KeyEvent) -> Wish {
        let mut ui = std::mem::take(&mut self.ui);
        let wish = ui.press(key, &self.shown().map_or_else(Vec::new, |shown| shown.moment.names()));
        self.frozen = match (ui.paused, self.frozen.take()) {
            (true, None) => Some((self.latest.clone(), self.now())),
            (true, frozen) => frozen,
            (false, _) => None,
        };
        self.ui = ui;
        wish
    }

    fn shown(&self) -> Option<&Shown> {
        match &self.frozen {
            Some((shown, _)) => shown.as_ref(),
            None => self.latest.as_ref(),
        }
    }

    /// The source's time: that of its last answer, and what has passed since.
    fn now(&self) -> i64 {
        if let Some((_, at)) = &self.frozen {
            return *at;
        }
        let passed = |shown: &Shown| i64::try_from(shown.came.elapsed().as_millis()).unwrap_or_default();
        self.latest
            .as_ref()
            .map_or(0, |shown| shown.moment.at.saturating_add(passed(shown)))
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            who: &self.who,
            moment: self.shown().map(|shown| shown.moment.as_ref()),
            ui: &self.ui,
            now: self.now(),
            look: self.look,
        }
    }
}

// === impl Screen ===

impl Screen {
    /// Takes the terminal over: the alternate screen, every key at once, no cursor.
    ///
    /// # Errors
    /// If there is none, or it cannot do that.
    pub fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            // A panic's message is to be read in the terminal as it was.
            let print = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                print(panic);
            }));
        });
        let backend = CrosstermBackend::new(BufWriter::new(io::stdout()));
        let terminal = Terminal::new(backend)?;
        let mut screen = Self { terminal };
        screen.take_again()?;
        Ok(screen)
    }

    /// Takes it over, if it is ours already from the beginning: whoever had it meanwhile may have changed it.
    fn take_again(&mut self) -> io::Result<()> {
        if IS_OURS.swap(true, Ordering::SeqCst) {
            terminal::disable_raw_mode()?;
        }
        terminal::enable_raw_mode()?;
        execute!(io::stdout(), terminal::EnterAlternateScreen, cursor::Hide)?;
        // Not `clear`, which asks the terminal where its cursor is: another thread would read the answer.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    fn draw(&mut self, display: &Display) -> io::Result<()> {
        if IS_OURS.load(Ordering::SeqCst) {
            self.terminal
                .draw(|frame| draw(&display.scene(), frame.area(), frame.buffer_mut()))?;
        }
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        give_back();
        signals::stop_until_continued();
        self.take_again()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back. If it is gone there is nobody to tell.
fn give_back() {
    if IS_OURS.swap(false, Ordering::SeqCst) {
        let mut stdout = io::stdout();
        let _ = execute!(stdout, terminal::LeaveAlternateScreen, cursor::Show);
        let _ = stdout.flush();
        let _ = terminal::disable_raw_mode();
    }
}
