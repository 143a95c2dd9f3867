//! Small servers for the tests of what is asked over HTTP: each answers every connection in its own way, until the test
//! ends.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server's address, `127.0.0.1:PORT`, without a scheme.
pub type Address = String;

/// Serves every connection with this, each in a thread of its own.
pub fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

/// A port where nobody listens.
pub fn nobody() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Serves plain HTTP: the request's line and headers in, the whole answer out.
pub fn http(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Address {
    serve(move |mut stream| {
        if let Some(request) = request(&mut stream) {
            // A client that has had enough is no failure of the server.
            let _ = stream.write_all(&answer(&request));
        }
    })
}

/// Serves one document with status 200.
pub fn document(body: impl Into<Vec<u8>>) -> Address {
    let body = body.into();
    http(move |_| ok(&body))
}

/// An answer with status 200.
pub fn ok(body: &[u8]) -> Vec<u8> {
    status("200 OK", "", body)
}

/// An answer with any status, and more headers, each with its line end.
pub fn status(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The head of a request; `None` if the client left before it was whole.
pub fn request(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.extend(byte),
            _ => return None,
        }
    }
    String::from_utf8(head).ok()
}

/// What signs certificates, in a file.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub file: PathBuf,
}

impl Authority {
    /// A new one, whose certificate stands in this folder.
    pub fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        // Two of one name would be taken for each other.
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).expect("written");
        Self { issuer, file }
    }

    /// Serves one document over TLS, as this name.
    pub fn https(&self, name: &str, body: &'static str) -> Address {
        self.serve(name, move |stream| {
            if request(stream).is_some() {
                let _ = stream.write_all(&ok(body.as_bytes()));
            }
        })
    }

    /// Serves every connection over TLS, as this name.
    pub fn serve(
        &self,
        name: &str,
        answer: impl Fn(&mut StreamOwned<ServerConnection, TcpStream>) + Send + Sync + 'static,
    ) -> Address {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a configuration");
        let config = Arc::new(config);
        serve(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            answer(&mut stream);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        })
    }
}
