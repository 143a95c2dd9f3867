//! The built `mirrorctl dashboard`, while it runs.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Stdio};

/// Ends with the test.
pub struct Running {
    /// Where it can be asked.
    pub address: SocketAddr,
    /// What it said until it could be asked.
    pub lines: Vec<String>,
    next: usize,
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    /// On a free port of loopback.
    pub fn start(args: &[&str]) -> Self {
        Self::on("127.0.0.1:0", args)
    }

    pub fn on(listen: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mirrorctl"))
            .args(["dashboard", "--listen", listen])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mirrorctl starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut lines = Vec::new();
        let address = loop {
            let line = line(&mut stderr).unwrap_or_else(|| panic!("it has ended: {lines:?}"));
            lines.push(line);
            let url = lines.last().and_then(|line| line.strip_prefix("dashboard: http://"));
            if let Some(url) = url {
                break url.replace("localhost", "127.0.0.1").parse().expect("an address");
            }
        };
        Self {
            address,
            lines,
            next: 0,
            child,
            stderr,
        }
    }

    /// The next line of its standard error.
    pub fn line(&mut self) -> String {
        if self.next == self.lines.len() {
            self.lines.push(line(&mut self.stderr).expect("another line"));
        }
        self.next += 1;
        self.lines[self.next - 1].clone()
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .expect("a shell")
                .success()
        );
    }

    /// Its exit code, once it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    /// What it said besides.
    pub fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).expect("text");
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(reader: &mut BufReader<ChildStderr>) -> Option<String> {
    let mut line = String::new();
    let bytes = reader.read_line(&mut line).expect("text");
    (bytes > 0).then(|| line.trim_end().to_owned())
}
