//! The service's address: how a base URL becomes the URL of a call, which schemes a key may travel over, and which links of
//! results may be fetched.

use std::fmt;

use http::Uri;
use http::uri::Authority;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::error::Error;
use crate::redact::{Secrets, brief};
use crate::request::expects::Expects;
use crate::request::host::{Reach, may_reach, reaches, to_ascii};
use crate::request::percent::escape;
use crate::retry::charge_before;

/// The path of the service below a gateway's base URL.
const PATH: &str = "/volcv/v1";

/// A checked base URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, authority and path, without a trailing slash.
    base: String,
    reach: Reach,
    insecure_allowed: bool,
}

impl Endpoint {
    /// Reads a base URL with or without a trailing slash, with or without `/volcv/v1`.
    ///
    /// `https` is required, except for a loopback host, unless `allow_insecure_http` is set.
    ///
    /// # Errors
    /// Names what is wrong with the URL. A user name, a password, a query or a fragment in it are refused.
    pub fn parse(base_url: &str, allow_insecure_http: bool) -> Result<Self, Error> {
        let (origin, path, reach) = parse(base_url, allow_insecure_http)?;
        let path = path.strip_suffix(PATH).unwrap_or(&path).trim_end_matches('/');
        Ok(Self { base: format!("{origin}{path}{PATH}"), reach, insecure_allowed: allow_insecure_http })
    }

    /// Reads a base URL of direct access, with the rules of [`Endpoint::parse`]. Calls go to the path of the URL, with a slash
    /// at its end. The usual port of its scheme is left out, because the host is signed as it is sent.
    ///
    /// # Errors
    /// As [`Endpoint::parse`].
    pub fn parse_direct(base_url: &str, allow_insecure_http: bool) -> Result<Self, Error> {
        let (mut origin, path, reach) = parse(base_url, allow_insecure_http)?;
        let usual = if origin.starts_with("https") { ":443" } else { ":80" };
        if origin.ends_with(usual) {
            origin.truncate(origin.len() - usual.len());
        }
        Ok(Self { base: format!("{origin}{path}/"), reach, insecure_allowed: allow_insecure_http })
    }

    /// The URL of a call.
    pub(crate) fn call(&self, action: &str, version: &str, query: &[(String, String)]) -> Result<Uri, Error> {
        let mut url = format!("{}?Action={}&Version={}", self.base, escape(action), escape(version));
        for (key, value) in query {
            url.push_str(&format!("&{}={}", escape(key), escape(value)));
        }
        url.parse().map_err(|error| Error::config(format!("the url of the call is not valid: {error}")))
    }

    /// Checks a result's link before it is fetched, or the target of a redirect that `from` answered. The link must be
    /// `https` or on this machine, and must not lead into a network that the gateway is not in.
    ///
    /// A link comes from a reply. It must not make this program send requests into its own network.
    ///
    /// # Errors
    /// Says why the link is not followed. The picture is paid for.
    pub(crate) fn link(&self, link: &str, from: Option<&Uri>) -> Result<Uri, Error> {
        let bad = |why: &str| {
            Error::decode(format!("the link to the picture {why}")).with_charge(charge_before(Expects::File))
        };
        let link = tidy(link);
        let link = from.map_or(Ok(link.clone()), |from| absolute(&link, from)).map_err(bad)?;
        let link = with_ascii_host(&link).map_err(|_| bad("has a host that is no name"))?;
        let uri: Uri = utf8_percent_encode(&link, NOT_IN_URLS).to_string().parse().map_err(|_| bad("is not a URL"))?;
        let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else {
            return Err(bad("has no host, or credentials in it"));
        };
        let is_secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => self.insecure_allowed || is_loopback(authority),
            _ => false,
        };
        match may_reach(authority.host()) {
            _ if !is_secure => Err(bad("is neither https nor on the gateway's own machine")),
            reach if reach > self.reach => Err(bad("leads into this machine or its network, where the gateway is not")),
            _ => Ok(uri),
        }
    }

    /// Where calls go, for people.
    pub fn url(&self) -> &str {
        &self.base
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.base).finish()
    }
}

/// Scheme and authority of a base URL, its path without slashes at the end, and the networks it is in.
fn parse(base_url: &str, allow_insecure_http: bool) -> Result<(String, String, Reach), Error> {
    if base_url.is_empty() {
        return Err(Error::config("the base url is empty; give the gateway's, such as https://gateway.example"));
    }
    if let Some((index, c)) = base_url.chars().enumerate().find(|(_, c)| c.is_whitespace() || c.is_control()) {
        let (what, place) = (if c.is_whitespace() { "a blank" } else { "a control character" }, index + 1);
        let total = base_url.chars().count();
        return Err(Error::config(format!(
            "the base url has {what} ({}) at place {place} of {total}",
            c.escape_unicode()
        )));
    }
    if base_url.contains('#') {
        return Err(Error::config("the base url has a fragment (#), which is never sent"));
    }
    let unreadable = |why: &dyn fmt::Display| {
        Error::config(format!("the base url cannot be read ({why}); give one such as https://gateway.example"))
    };
    let ascii = with_ascii_host(base_url).map_err(|why| unreadable(&format_args!("in its host, {why}")))?;
    let uri: Uri = ascii.parse().map_err(|error| unreadable(&error))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(Error::config("the base url must start with https:// and a host"));
    };
    if authority.as_str().contains('@') {
        return Err(Error::config("the base url has a user name or password, which are no credentials of the service"));
    }
    if authority.host().is_empty() {
        return Err(Error::config("the base url has no host"));
    }
    let shown = brief(authority.as_str(), Secrets::NONE);
    if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none() {
        return Err(Error::config(format!("the base url has a port that is no number: {shown}")));
    }
    if uri.query().is_some() {
        return Err(Error::config("the base url has a query (?), which volcv writes itself"));
    }
    match scheme {
        "https" => {}
        "http" if is_loopback(authority) || allow_insecure_http => {}
        "http" => {
            return Err(Error::config(format!(
                "the base url is http://{shown}, where anyone on the network path can read the api key or repeat the call; \
                 use https, or set the option that allows insecure http if you mean it"
            )));
        }
        other => return Err(Error::config(format!("the base url has the scheme {other}, but must be https"))),
    }
    // Path and host are signed as they are sent: some transports resolve dots, and send the host in small letters.
    let path = without_dots(uri.path()).trim_end_matches('/').to_owned();
    let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
    Ok((origin, path, reaches(authority.host())))
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The URL with its host in ASCII. A text that is no URL is returned unchanged; the parser will refuse it.
fn with_ascii_host(url: &str) -> Result<String, String> {
    let Some((scheme, rest)) = url.split_once("://").filter(|_| !url.is_ascii()) else { return Ok(url.to_owned()) };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Ok(format!("{scheme}://{}{rest}", to_ascii(authority)?))
}

/// A link without the blanks around it, the line breaks in it and the fragment behind it.
fn tidy(link: &str) -> String {
    let link = link.trim().split('#').next().unwrap_or_default();
    link.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect()
}

/// Characters that must be escaped everywhere in a URL: blanks, control characters, and those that `http` refuses.
const NOT_IN_URLS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// A `Location` resolved against the URL that answered with it (RFC 3986, 5.2).
fn absolute(location: &str, from: &Uri) -> Result<String, &'static str> {
    let scheme = from.scheme_str().unwrap_or_default();
    let origin = format!("{scheme}://{}", from.authority().map_or("", Authority::as_str));
    let path = from.path();
    Ok(match location {
        "" => return Err("is redirected to nowhere"),
        location if location.split(['/', '?']).next().unwrap_or_default().contains(':') => location.to_owned(),
        location if location.starts_with("//") => format!("{scheme}:{location}"),
        location if location.starts_with('/') => format!("{origin}{}", without_dots(location)),
        location if location.starts_with('?') => format!("{origin}{path}{location}"),
        location => {
            let folder = &path[..=path.rfind('/').unwrap_or_default()];
            format!("{origin}{}", without_dots(&format!("{folder}{location}")))
        }
    })
}

/// A path without the segments `.` and `..` (RFC 3986, 5.2.4). The query is kept.
fn without_dots(reference: &str) -> String {
    let (path, query) = reference.split_at(reference.find('?').unwrap_or(reference.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment == ".." {
            kept.pop();
        }
        let is_dots = matches!(segment, "." | "..");
        // Dots at the end name a folder, so the path ends with a slash.
        if !is_dots || segments.peek().is_none() {
            kept.push(if is_dots { "" } else { segment });
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use volcv_types::Charge;

    use super::*;

    fn call(base: &str) -> String {
        let query = [("x y".to_owned(), "a/b+c~d&e=f".to_owned()), ("中".to_owned(), "文".to_owned())];
        Endpoint::parse(base, false).unwrap().call("CVProcess", "2022-08-31", &query).unwrap().to_string()
    }

    #[test]
    fn every_spelling_of_a_base_url_gives_the_same_call() {
        let expected = "https://gw.example/volcv/v1?Action=CVProcess&Version=2022-08-31\
                        &x%20y=a%2Fb%2Bc~d%26e%3Df&%E4%B8%AD=%E6%96%87";
        for base in [
            "https://gw.example",
            "https://gw.example/",
            "https://gw.example/volcv/v1",
            "https://gw.example/volcv/v1//",
            "HTTPS://GW.Example/a/../volcv/./v1",
        ] {
            assert_eq!(call(base), expected);
        }
        assert!(call("http://127.0.0.1:8080/proxy/").starts_with("http://127.0.0.1:8080/proxy/volcv/v1?Action="));
    }

    #[test]
    fn direct_calls_go_to_the_path_of_the_base_url() {
        for (base, expected) in [
            ("https://visual.volcengineapi.com", "https://visual.volcengineapi.com/?Action=A&Version=V"),
            ("https://h.example:443//", "https://h.example/?Action=A&Version=V"),
            ("https://h.example:80/a/b/", "https://h.example:80/a/b/?Action=A&Version=V"),
            ("http://[::1]:80", "http://[::1]/?Action=A&Version=V"),
            ("http://127.0.0.1:8080/volcv/v1", "http://127.0.0.1:8080/volcv/v1/?Action=A&Version=V"),
        ] {
            let endpoint = Endpoint::parse_direct(base, false).unwrap();
            assert_eq!(endpoint.call("A", "V", &[]).unwrap().to_string(), expected);
            assert_eq!(Endpoint::parse_direct(endpoint.url(), false).unwrap(), endpoint);
        }
    }

    #[test]
    fn a_key_never_travels_in_the_clear_beyond_this_machine() {
        for base in ["http://localhost:1", "http://127.9.9.9", "http://[::1]:80", "https://gw.example"] {
            Endpoint::parse(base, false).unwrap();
        }
        for base in
            ["http://gw.example", "http://127.0.0.1.example", "http://192.168.0.1", "http://[::2]", "http://0.0.0.0"]
        {
            let error = Endpoint::parse(base, false).unwrap_err();
            assert!(error.to_string().contains("the option that allows insecure http"), "{error}");
            Endpoint::parse(base, true).unwrap();
        }
    }

    #[test]
    fn a_text_that_is_no_base_url_is_refused_without_showing_credentials() {
        for base in [
            "",
            "gw.example",
            "/volcv/v1",
            "ftp://gw.example",
            "https://",
            "https://u:pw@gw.example",
            "https://gw.example/?a=b",
            "https://gw.example/#x",
            "https://gw.example:port",
        ] {
            let error = Endpoint::parse(base, true).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config, "{base}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
        assert!(Endpoint::parse("", false).unwrap_err().to_string().starts_with("the base url is empty"));
    }

    #[test]
    fn a_base_url_that_was_pasted_badly_names_the_place() {
        for (base, text) in [
            ("https://gw example", "a blank (\\u{20}) at place 11 of 18"),
            (" https://gw.example", "a blank (\\u{20}) at place 1 of 19"),
            ("https://gw.example\n", "a blank (\\u{a}) at place 19 of 19"),
            ("https://gw\u{7}.example", "a control character (\\u{7}) at place 11 of 19"),
            ("https://gw.example/\u{3000}", "a blank (\\u{3000}) at place 20 of 20"),
        ] {
            let error = Endpoint::parse(base, false).unwrap_err();
            assert!(error.kind() == crate::ErrorKind::Config && error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn an_international_host_travels_as_ascii() {
        let base = |text: &str| Endpoint::parse(text, false).map(|endpoint| endpoint.base);
        assert_eq!(base("https://Bücher.example:8443/x").unwrap(), "https://xn--bcher-kva.example:8443/x/volcv/v1");
        assert_eq!(base("https://网关。example").unwrap(), "https://xn--d6q013i.example/volcv/v1");
        let error = base("https://bu\u{308}cher.example").unwrap_err().to_string();
        assert!(error.contains("in its host, \\u{308} is neither a letter nor a digit"), "{error}");
    }

    #[test]
    fn a_link_reaches_no_nearer_than_the_gateway() {
        let parse =
            |base: &str| Endpoint::parse(base, true).map(|e| Endpoint { insecure_allowed: false, ..e }).unwrap();
        let (far, lan, near) = (parse("https://gw.example"), parse("https://10.0.0.7"), parse("http://127.0.0.1:9"));
        assert!(far.link("https://cdn.example/a.png?sig=1#part", None).is_ok());
        assert!(near.link("http://localhost:7/a.png", None).is_ok() && near.link("https://10.1.1.1/a", None).is_ok());
        assert!(lan.link("https://192.168.3.4/a", None).is_ok() && lan.link("https://localhost/a", None).is_err());
        for link in [
            "http://cdn.example/a",
            "http://127.0.0.1/a",
            "https://localhost/a",
            "https://192.168.0.1/a",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00::1]/a",
            "file:///etc/passwd",
            "a",
            "",
            "https://u@h/",
        ] {
            let error = far.link(link, None).unwrap_err();
            assert_eq!(error.charge(), Charge::Charged, "{link}");
        }
        assert!(near.link("http://cdn.example/a", None).is_err());
    }

    #[test]
    fn blanks_around_and_in_a_link_do_not_matter() {
        let far = Endpoint::parse("https://gw.example", false).unwrap();
        let uri = |link: &str| far.link(link, None).unwrap().to_string();
        assert_eq!(uri("  https://cdn.example/a b.png?x={1} \r\n"), "https://cdn.example/a%20b.png?x=%7B1%7D");
        assert_eq!(uri("https://cdn.exam\nple/a\t.png"), "https://cdn.example/a.png");
        assert_eq!(uri("https://cdn.example/图.png?s=%2F"), "https://cdn.example/%E5%9B%BE.png?s=%2F");
        assert_eq!(uri("https://bücher.example/a"), "https://xn--bcher-kva.example/a");
    }

    #[test]
    fn a_location_is_resolved_against_the_url_that_answered() {
        let far = Endpoint::parse("https://gw.example", false).unwrap();
        let from: Uri = "https://cdn.example/x/y.png?z=1".parse().unwrap();
        for (location, expected) in [
            ("https://other.example/a", "https://other.example/a"),
            ("//other.example/a", "https://other.example/a"),
            ("/a?b=http://c", "https://cdn.example/a?b=http://c"),
            (" a b.png", "https://cdn.example/x/a%20b.png"),
            ("../files/./1.png?a=../b", "https://cdn.example/files/1.png?a=../b"),
            ("/a/b/../../../c/..", "https://cdn.example/"),
            ("..", "https://cdn.example/"),
            (".", "https://cdn.example/x/"),
            ("//other.example/a", "https://other.example/a"),
            ("?b", "https://cdn.example/x/y.png?b"),
        ] {
            assert_eq!(far.link(location, Some(&from)).unwrap().to_string(), expected);
        }
        for location in ["", "http://cdn.example/a", "//127.0.0.1/a", "file:///a", "https://10.0.0.1/", "#a"] {
            far.link(location, Some(&from)).unwrap_err();
        }
    }
}
