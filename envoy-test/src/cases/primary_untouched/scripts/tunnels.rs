//! WebSockets and CONNECT: once opened, bytes flow both ways until one side ends; or the primary declines.

use super::*;

const CHAT: &str = request!(
    "GET /chat",
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
);
const SWITCHED: &str = answer!("101 Switching Protocols", "connection: Upgrade", "upgrade: websocket");
const CONNECT: &str = "CONNECT shop.example:443 HTTP/1.1\r\nhost: shop.example:443\r\nx-request-id: pinned\r\n\r\n";

pub(super) fn all() -> Vec<Script> {
    let talk = || {
        vec![
            (Client, Says(b"\x81\x03ask")),
            (Primary, Hears("ask")),
            (Primary, Says(b"\x81\x06answer")),
            (Client, Hears("answer")),
            (Client, SaysMuch(MUCH)),
            (Primary, HearsMuch(MUCH)),
            (Primary, SaysMuch(MUCH)),
            (Client, HearsMuch(MUCH)),
        ]
    };
    let client_ends = vec![(Client, HangsUp), (Primary, HearsTheEnd)];
    let primary_ends = vec![(Primary, HangsUp), (Client, HearsTheEnd)];
    vec![
        script(
            "websocket",
            [opens(CHAT, HEAD), answers(SWITCHED, HEAD), talk(), client_ends.clone()],
        ),
        script(
            "websocket-primary-ends",
            [opens(CHAT, HEAD), answers(SWITCHED, HEAD), talk(), primary_ends.clone()],
        ),
        script(
            "websocket-primary-begins",
            [
                opens(CHAT, HEAD),
                answers(
                    concat!(
                        answer!("101 Switching Protocols", "connection: Upgrade", "upgrade: websocket"),
                        "welcome"
                    ),
                    "welcome",
                ),
                talk(),
            ],
        ),
        script(
            "websocket-declined",
            [opens(CHAT, HEAD), answers(answer!("403 No", "content-length: 0"), HEAD)],
        ),
        script(
            "connect",
            [
                opens(CONNECT, HEAD),
                answers(answer!("200 OK"), HEAD),
                talk(),
                client_ends,
            ],
        ),
        script(
            "connect-primary-ends",
            [
                opens(CONNECT, HEAD),
                answers(answer!("200 OK"), HEAD),
                talk(),
                primary_ends,
            ],
        ),
        script(
            "connect-declined",
            [
                opens(CONNECT, HEAD),
                answers(answer!("407 Who", "content-length: 0"), HEAD),
            ],
        ),
        script(
            "websocket-reset",
            [opens(CHAT, HEAD), vec![(Primary, Resets), (Client, Hears(HEAD))]],
        ),
    ]
}
