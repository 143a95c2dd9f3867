//! A dashboard within the test: the whole server and its thread that asks, with a page of two files and limits as
//! wanted.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mirrorctl::dashboard::connections::ClientLimits;
use mirrorctl::dashboard::host::Hosts;
use mirrorctl::dashboard::listen::Listen;
use mirrorctl::dashboard::{Dashboard, poll};
use mirrorctl::input::Stdin;
use mirrorctl::live::args::SourceArgs;
use mirrorctl::live::window::Window;
use mirrorctl::page::File;
use mirrorctl::time::Time;
use tokio::sync::oneshot;

use crate::common::admin::Admin;

pub const PAGE: &[File] = &[
    File {
        path: "/",
        content_type: "text/html; charset=utf-8",
        bytes: b"<!doctype html><title>page</title>",
    },
    File {
        path: "/assets/page.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: b"export {};",
    },
];

/// Serves until it is dropped.
pub struct Served {
    pub address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _going_on: mpsc::Sender<()>,
}

/// The dashboard of one proxy, with the limits as they are shipped.
pub fn served(admin: &Admin) -> Served {
    Served::start(&[admin.url()], ClientLimits::DEFAULT)
}

impl Served {
    pub fn start(proxies: &[String], limits: ClientLimits) -> Self {
        Self::with(PAGE, proxies, limits)
    }

    pub fn with(files: &'static [File], proxies: &[String], limits: ClientLimits) -> Self {
        let source = SourceArgs {
            envoy: proxies.iter().map(|url| url.parse().expect("a URL")).collect(),
            ..SourceArgs::default()
        };
        let asked = source
            .resolve(&mut Stdin::new(&mut std::io::empty()))
            .expect("a source");
        let feed = asked.feed(Window::LONG.seconds, Time::from_unix(1_795_000_000));
        let (going_on, stop) = mpsc::channel();
        let newest = poll::start(asked, feed, Duration::from_millis(200), stop).expect("a thread");
        let listen: Listen = "127.0.0.1:0".parse().expect("an address");
        let bound = listen.bind().expect("a socket");
        let address = bound.address;
        let dashboard = Dashboard {
            hosts: Hosts::new(listen.host(), address.ip(), &[]),
            bound,
            files,
            newest,
            limits,
        };
        let (end, ended) = oneshot::channel();
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let end = async {
                let _ = ended.await;
            };
            runtime
                .expect("a runtime")
                .block_on(dashboard.serve_until(end))
                .expect("it is served");
        };
        Self {
            address,
            end: Some(end),
            thread: Some(thread::spawn(serve)),
            _going_on: going_on,
        }
    }

    /// Tells it to end, and waits until it has.
    pub fn end(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends well");
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}
