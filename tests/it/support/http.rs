//! HTTP by hand.

use std::io::{Read, Write};
use std::net::TcpStream;

/// What came back: status, headers in lower case, body.
pub struct Got {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// One request on a connection of its own. Not a library: paths must go out as they are written here.
pub fn ask(port: u16, method: &str, path: &str, pin: Option<&str>) -> Got {
    send(port, method, path, pin, "")
}

/// As [`ask`], with a body.
pub fn send(port: u16, method: &str, path: &str, pin: Option<&str>, body: &str) -> Got {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let pin = pin.map_or_else(String::new, |pin| format!("x-cosmos-block-height: {pin}\r\n"));
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{pin}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(key, value)| (key.to_lowercase(), value.to_owned()))
        .collect();
    Got { status, headers, body: body.to_owned() }
}
