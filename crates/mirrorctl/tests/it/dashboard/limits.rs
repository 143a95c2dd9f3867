//! What clients of the dashboard may take all together, over real sockets: too many, too slow, too large, too long; and
//! that it ends although they are there.

use std::io::{Read, Write};
use std::time::Duration;

use crate::common::admin::{Admin, Load};
use crate::common::dashboard::{PAGE, Served, served};
use crate::common::http::{self, Stream, ask, connect, get};
use mirrorctl::dashboard::connections::ClientLimits;
use mirrorctl::page::File;

#[test]
fn streams_are_bounded_and_leave_room_for_the_page() {
    let admin = Admin::start(&Load::new());
    let limits = ClientLimits {
        streams: 2,
        ..ClientLimits::DEFAULT
    };
    let served = Served::start(&[admin.url()], limits);
    // A question for the headers alone takes no place.
    for _ in 0..4 {
        assert_eq!(ask(served.address, "HEAD", "/api/events", "").status, 200);
    }
    let mut streams: Vec<Stream> = (0..2).map(|_| Stream::open(served.address, "/api/events")).collect();
    assert!(streams.iter().all(|stream| stream.status == 200));
    let full = get(served.address, "/api/events");
    assert_eq!(full.status, 503, "{full:?}");
    assert_eq!(full.header("retry-after"), Some("10"));
    assert!(full.body.contains("close one"), "{full:?}");
    assert_eq!(get(served.address, "/").status, 200);
    assert_eq!(get(served.address, "/api/view").status, 200);
    // A page that is closed gives its place back.
    streams.pop();
    loop {
        let mut again = Stream::open(served.address, "/api/events");
        match again.status {
            200 => break assert_eq!(again.view(|_| true)["window"]["seconds"], 300),
            status => assert_eq!(status, 503),
        }
    }
}

#[test]
fn connections_are_bounded_and_wait_for_their_turn() {
    let admin = Admin::start(&Load::new());
    let limits = ClientLimits {
        connections: 2,
        ..ClientLimits::DEFAULT
    };
    let served = Served::start(&[admin.url()], limits);
    let streams: Vec<Stream> = (0..2).map(|_| Stream::open(served.address, "/api/events")).collect();
    let mut waiting = connect(served.address);
    write!(
        waiting,
        "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut byte = [0];
    assert!(
        waiting.read(&mut byte).is_err(),
        "it is answered though there is no place"
    );
    drop(streams);
    waiting.set_read_timeout(Some(http::PATIENCE)).unwrap();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn who_dawdles_is_closed() {
    let admin = Admin::start(&Load::new());
    let limits = ClientLimits {
        request: Duration::from_secs(1),
        ..ClientLimits::DEFAULT
    };
    let served = Served::start(&[admin.url()], limits);
    let silent = connect(served.address);
    let mut begun = connect(served.address);
    write!(begun, "GET / HTTP/1.1\r\nhost: loc").unwrap();
    let mut idle = connect(served.address);
    write!(idle, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    for (mut stream, begin) in [(silent, ""), (begun, ""), (idle, "HTTP/1.1 200 OK\r\n")] {
        let mut answer = String::new();
        // It ends: a read that only times out is an error.
        stream.read_to_string(&mut answer).expect("the end");
        assert!(
            answer.starts_with(begin) && (begin.is_empty() || answer.ends_with("</title>")),
            "{answer}"
        );
    }
    // A stream is no dawdler.
    let mut stream = Stream::open(served.address, "/api/events");
    let first = stream.view(|_| true)["at"].as_i64().unwrap();
    stream.view(|view| view["at"].as_i64().unwrap() > first + 1000);
}

#[test]
fn who_asks_with_too_much_is_refused() {
    let admin = Admin::start(&Load::new());
    let served = served(&admin);
    let long = format!("x-long: {}\r\n", "a".repeat(40_000));
    assert_eq!(ask(served.address, "GET", "/", &long).status, 431);
    let many = "x: y\r\n".repeat(200);
    assert_eq!(ask(served.address, "GET", "/", &many).status, 431);
    for garbage in ["\x16\x03\x01\x02\x00\x01\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = connect(served.address);
        stream.write_all(garbage.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert_eq!(get(served.address, "/").status, 200);
}

#[test]
fn who_reads_nothing_is_given_up() {
    let admin = Admin::start(&Load::new());
    let limits = ClientLimits {
        connections: 1,
        patience: Duration::from_millis(500),
        ..ClientLimits::DEFAULT
    };
    // More than the buffers of both sides hold.
    let large: &'static [u8] = vec![b'x'; 64 << 20].leak();
    let files: &'static [File] = vec![
        File {
            path: "/large",
            bytes: large,
            ..PAGE[0]
        },
        PAGE[0],
    ]
    .leak();
    let served = Served::with(files, &[admin.url()], limits);
    let mut stuck = connect(served.address);
    write!(stuck, "GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    // The only place is free again although the client is still there.
    assert_eq!(get(served.address, "/").status, 200);
    let mut taken = Vec::new();
    let _ = stuck.read_to_end(&mut taken);
    assert!(taken.len() < large.len(), "it took everything");
}

#[test]
fn a_stream_is_never_silent_for_long() {
    // Someone who takes the question and never answers.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let limits = ClientLimits {
        breath: Duration::from_millis(100),
        ..ClientLimits::DEFAULT
    };
    let served = Served::start(&[format!("http://{}", mute.local_addr().unwrap())], limits);
    let mut stream = Stream::open(served.address, "/api/events");
    assert_eq!(stream.next().unwrap().lines, ["retry: 2000"]);
    assert_eq!(stream.next().unwrap().lines, [": nothing new"]);
    let view = stream.view(|_| true);
    assert_eq!(view["source"]["endpoints"][0]["problem"], "no whole answer within 5 s");
    // The next answer is waited for as long; until then the view stands.
    assert_eq!(stream.view(|_| true), view);
}

#[test]
fn streams_end_when_the_dashboard_does() {
    let admin = Admin::start(&Load::new());
    let mut served = served(&admin);
    let mut streams: Vec<Stream> = (0..3).map(|_| Stream::open(served.address, "/api/events")).collect();
    for stream in &mut streams {
        stream.view(|_| true);
    }
    let idle = connect(served.address);
    served.end();
    for stream in &mut streams {
        while stream.next().is_some() {}
    }
    assert!(
        std::net::TcpStream::connect(served.address).is_err(),
        "it still listens"
    );
    drop(idle);
}
