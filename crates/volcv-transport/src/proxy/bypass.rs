//! `NO_PROXY`: the hosts that are reached without a proxy.

use std::net::IpAddr;

/// The entries of a `NO_PROXY` variable, as curl reads them, and ports as Go reads them.
#[derive(Debug, Clone, Default)]
pub(super) struct Bypass(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    hosts: Hosts,
    /// All ports if there is none.
    port: Option<u16>,
}

#[derive(Debug, Clone)]
enum Hosts {
    All,
    /// An address and how many of its first bits count.
    Net(IpAddr, u32),
    /// A domain with everything below it.
    Domain(String),
}

impl Bypass {
    /// Entries with commas or blanks between them: `*`, `example.com` and `.example.com` (both with everything below),
    /// addresses, and networks such as `10.0.0.0/8`; a name or address may have a port. What cannot be read matches nothing.
    pub(super) fn parse(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(Entry::parse).collect())
    }

    /// `host` may have brackets around an IPv6 address.
    pub(super) fn has(&self, host: &str, port: u16) -> bool {
        let host = tidy(host);
        let address = address(&host);
        let matches = |entry: &Entry| match &entry.hosts {
            Hosts::All => true,
            Hosts::Net(net, bits) => {
                address.is_some_and(|address| first_bits(address, *bits) == first_bits(*net, *bits))
            }
            Hosts::Domain(domain) => {
                let before = host.strip_suffix(domain.as_str()).filter(|_| address.is_none());
                before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
        };
        self.0.iter().any(|entry| entry.port.is_none_or(|wanted| wanted == port) && matches(entry))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self { hosts: Hosts::All, port: None });
        }
        if let Some((net, bits)) = text.split_once('/') {
            let (net, bits) = (address(&tidy(net))?, bits.parse().ok()?);
            let width = if net.is_ipv4() { 32 } else { 128 };
            return (bits <= width).then_some(Self { hosts: Hosts::Net(net, bits), port: None });
        }
        let is_bare_ipv6 = text.parse::<IpAddr>().is_ok();
        let (host, port) = match text.rsplit_once(':').filter(|(host, _)| !is_bare_ipv6 && !host.is_empty()) {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let host = tidy(host);
        let hosts = match address(&host) {
            Some(address) => Hosts::Net(address, if address.is_ipv4() { 32 } else { 128 }),
            None => Hosts::Domain(host.trim_start_matches("*.").trim_start_matches('.').to_owned()),
        };
        let is_empty = matches!(&hosts, Hosts::Domain(domain) if domain.is_empty());
        (!is_empty).then_some(Self { hosts, port })
    }
}

/// In lower case, without brackets and without the dot that ends an absolute name.
fn tidy(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    host.strip_suffix('.').map(str::to_owned).unwrap_or(host)
}

fn address(host: &str) -> Option<IpAddr> {
    host.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// The family and the first bits.
fn first_bits(address: IpAddr, bits: u32) -> (bool, u128) {
    let (whole, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    // No bit at all would be a shift by the whole width.
    (address.is_ipv4(), whole.checked_shr(width - bits.min(width)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_matched_as_curl_does() {
        for (list, yes, no) in [
            ("*", &["a:1", "10.0.0.1:80", "[::1]:443"][..], &[][..]),
            ("", &[], &["a:1"]),
            (
                "example.com",
                &["example.com:443", "a.example.com:1", "EXAMPLE.com.:80"],
                &["notexample.com:443", "com:1"],
            ),
            (".example.com.", &["example.com:443", "a.b.example.com:1"], &["notexample.com:443"]),
            ("*.example.com", &["a.example.com:443"], &["example.org:443"]),
            ("a.example, b.example\tc.example", &["a.example:1", "b.example:1", "c.example:1"], &["d.example:1"]),
            ("example.com:8080", &["example.com:8080", "a.example.com:8080"], &["example.com:443"]),
            ("127.0.0.1", &["127.0.0.1:9", "[::ffff:127.0.0.1]:9"], &["127.0.0.2:9", "a.127.0.0.1:9"]),
            ("127.0.0.1:80", &["127.0.0.1:80"], &["127.0.0.1:81"]),
            ("::1", &["[::1]:1", "[0:0:0:0:0:0:0:1]:1"], &["[::2]:1", "127.0.0.1:1"]),
            ("[::1]", &["[::1]:1"], &["[::2]:1"]),
            ("[::1]:99", &["[::1]:99"], &["[::1]:98"]),
            ("10.0.0.0/8", &["10.255.0.1:1"], &["11.0.0.1:1", "10.example:1"]),
            ("10.1.2.3/32", &["10.1.2.3:1"], &["10.1.2.4:1"]),
            ("0.0.0.0/0", &["8.8.8.8:1"], &["[::1]:1", "a:1"]),
            ("::/0", &["[2001:db8::1]:1"], &["8.8.8.8:1"]),
            ("fd00::/8", &["[fd12::1]:1"], &["[fe80::1]:1"]),
            ("10.0.0.0/33,x/8,.,a:b:c,:80,a:port,0", &[], &["10.0.0.0:1", "x:8", "a:80", "b:80"]),
        ] {
            let bypass = Bypass::parse(list);
            for (target, expected) in
                yes.iter().map(|target| (target, true)).chain(no.iter().map(|target| (target, false)))
            {
                let (host, port) = target.rsplit_once(':').unwrap();
                assert_eq!(bypass.has(host, port.parse().unwrap()), expected, "{target} by {list}");
            }
        }
    }
}
