//! What comes after the demo: at a terminal a person may see its numbers live, while requests go on; elsewhere one line
//! says how.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Result, bail};
use tokio::sync::oneshot;

use crate::envoy::{Binaries, Envoy};
use crate::mirrorctl::{Mirrorctl, Place, of_envoys};
use crate::terminal::Paint;
use crate::traffic;

/// What is said at the end.
#[derive(Debug, PartialEq, Eq)]
enum Offer {
    /// Ask, and wait for Enter.
    Ask(String),
    /// Say this, and end.
    Tell(String),
}

/// Offers the dashboard. If a person wants it, this goes on until it is interrupted.
pub(super) async fn make(envoy: &Envoy, binaries: &Binaries) -> Result<()> {
    let is_watched = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let (mirrorctl, place) = (Mirrorctl::find(&binaries.mirrorctl), Place::free().await?);
    let paint = Paint::stdout();
    println!();
    match offer(is_watched, mirrorctl.as_ref().err(), place) {
        Offer::Tell(line) => {
            println!("{line}");
            return Ok(());
        }
        Offer::Ask(question) => {
            print!("{} ", paint.bold(&question));
            std::io::stdout().flush()?;
        }
    }
    if !enter().await {
        println!();
        return Ok(());
    }
    let (mirrorctl, sources) = (mirrorctl?, of_envoys(&[envoy.admin().address]));
    let mut dashboard = mirrorctl.dashboard(place.address, &sources).await?;
    println!();
    println!("  {}   requests go on until Ctrl-C", paint.green(dashboard.url()));
    println!();
    println!("  {}", paint.dim("# the same in another terminal, and once"));
    for command in ["watch", "status"] {
        println!("  {}", paint.cyan(&mirrorctl.typed(command, &sources)));
    }
    tokio::select! {
        ended = dashboard.ended() => bail!("the dashboard ended: {}", ended?),
        sent = traffic::trickle(envoy.listener()) => match sent? {},
    }
}

/// What to say: `missing` is why there is no `mirrorctl`.
fn offer(is_watched: bool, missing: Option<&anyhow::Error>, place: Place) -> Offer {
    match (is_watched, missing) {
        (false, _) => Offer::Tell("See it live: `make up` leaves this running and serves the dashboard.".to_owned()),
        (true, Some(missing)) => Offer::Tell(format!("The dashboard cannot be shown: {missing}.")),
        (true, None) => Offer::Ask(format!("Press Enter to see it live at {place}, Ctrl-C to end:")),
    }
}

/// Waits for a line. False: there will be none.
async fn enter() -> bool {
    let (tell, told) = oneshot::channel();
    // A thread of its own: the runtime would wait for one of its own when an interrupted demo ends.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let _ = tell.send(read.is_ok_and(|bytes| bytes > 0));
    });
    told.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(is_usual: bool) -> Place {
        Place {
            address: ([127, 0, 0, 1], if is_usual { 8088 } else { 40_001 }).into(),
            is_usual,
        }
    }

    #[test]
    fn a_person_at_a_terminal_is_asked() {
        let question = |place| match offer(true, None, place) {
            Offer::Ask(question) => question,
            told @ Offer::Tell(_) => panic!("{told:?}"),
        };
        assert_eq!(
            question(place(true)),
            "Press Enter to see it live at http://127.0.0.1:8088, Ctrl-C to end:"
        );
        assert_eq!(
            question(place(false)),
            "Press Enter to see it live at http://127.0.0.1:40001 (port 8088 is in use), Ctrl-C to end:"
        );
    }

    #[test]
    fn nobody_else_is_made_to_wait() {
        for missing in [None, Some(&anyhow::anyhow!("no mirrorctl"))] {
            let Offer::Tell(line) = offer(false, missing, place(true)) else {
                panic!("a pipe cannot press Enter");
            };
            assert!(line.contains("`make up`") && !line.contains('\n'), "{line}");
        }
        let missing = anyhow::anyhow!("no mirrorctl at dist/mirrorctl: `make mirrorctl` builds it");
        let Offer::Tell(line) = offer(true, Some(&missing), place(true)) else {
            panic!("there is nothing to be shown");
        };
        assert!(
            line.contains("`make mirrorctl` builds it") && !line.contains('\n'),
            "{line}"
        );
    }
}
