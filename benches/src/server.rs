//! The service of the bench, in a process of its own: reads each request to its end and gives the same picture back.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::picture::picture;

/// Serves until standard input ends, which is when the bench does. Prints its address first. Each picture takes
/// `service_time` to paint.
pub fn serve(picture_bytes: usize, service_time: Duration) -> io::Result<()> {
    let reply: Arc<[u8]> = reply(picture_bytes).into();
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let reply = Arc::clone(&reply);
            // An error means that the client closed the connection; a client that did so too early reports it.
            thread::spawn(move || answer_all(&stream, &reply, service_time));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

/// The whole reply: a head, and a success as the service sends it.
fn reply(picture_bytes: usize) -> Vec<u8> {
    let text = STANDARD.encode(picture(picture_bytes));
    let body = format!(
        r#"{{"code":10000,"data":{{"algorithm_base_resp":{{"status_code":0,"status_message":"Success"}},"binary_data_base64":["{text}"],"image_urls":null}},"message":"Success","request_id":"20260101000000000000000000000001","status":10000,"time_elapsed":"3.9405467s"}}"#
    );
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    (head + &body).into_bytes()
}

/// One connection with all its requests.
fn answer_all(mut stream: &TcpStream, reply: &[u8], service_time: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    while let Some(length) = read_head(&mut reader)? {
        let read = io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        if read < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        thread::sleep(service_time);
        stream.write_all(reply)?;
    }
    Ok(())
}

/// The length of the request's body; `None` if the client has closed the connection instead.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        line.make_ascii_lowercase();
        match line.trim_end().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok(),
            None if line.trim_end().is_empty() => {
                return length.map(Some).ok_or_else(|| io::Error::other("a request without its length"));
            }
            _ => {}
        }
    }
}
