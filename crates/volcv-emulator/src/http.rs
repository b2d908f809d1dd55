//! Request heads.

/// A longer head is refused.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;

/// A parsed request head.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content_length: Option<u64>,
    pub(crate) chunked: bool,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
}

/// Why there is no request head.
#[derive(Debug)]
pub(crate) enum HeadError {
    /// The connection ended.
    Io,
    /// What was sent is not a request.
    Malformed(String),
}

impl Head {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a query parameter that appears exactly once.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self.query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == name);
        let value = values.next()?.1;
        values.next().is_none().then_some(value)
    }
}

/// Parses a head from the start of the bytes and says how many belong to it; `None` = more bytes are needed.
pub(crate) fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, HeadError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let used = match request.parse(bytes) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) if bytes.len() > MAX_HEAD => return malformed("request head too large"),
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return malformed(&format!("bad request: {error}")),
    };
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return malformed("bad request line");
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let all = |name: &str| -> Vec<String> {
        let named = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.to_ascii_lowercase()).collect()
    };
    if version == 1 && all("host").len() != 1 {
        return malformed("an HTTP/1.1 request needs exactly one Host header");
    }
    let connection = all("connection").join(",");
    let head = Head {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        content_length: content_length(&all("content-length"))?,
        chunked: !all("transfer-encoding").is_empty(),
        keep_alive: version == 1 && !connection.split(',').any(|option| option.trim() == "close"),
        expects_continue: all("expect").iter().any(|value| value == "100-continue"),
        headers,
    };
    Ok(Some((head, used)))
}

fn content_length(values: &[String]) -> Result<Option<u64>, HeadError> {
    match values {
        [] => Ok(None),
        [value] if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => match value.parse() {
            Ok(length) => Ok(Some(length)),
            Err(_) => malformed("Content-Length is too large"),
        },
        _ => malformed("exactly one Content-Length of digits is allowed"),
    }
}

fn malformed<T>(why: &str) -> Result<T, HeadError> {
    Err(HeadError::Malformed(why.to_owned()))
}
