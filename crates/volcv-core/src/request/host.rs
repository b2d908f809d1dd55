//! Host names: how far an address reaches, and names that are not ASCII.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a request to a host can reach, from the widest to the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// A name, or a public address.
    Public,
    /// An address of the network that this machine is in.
    Private,
    /// This machine itself.
    Machine,
}

/// How far the host of a link may reach. The host can be any spelling that a resolver or reqwest's URL parser takes for
/// this machine, such as `127.1`, `0x7f000001`, `[::ffff:127.0.0.1]` and `localhost.`
///
/// Names are not resolved: the core has no network.
pub(crate) fn may_reach(host: &str) -> Reach {
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    // No top level domain is a number, so a host that ends in one is an unusual spelling of an address.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with("0x") || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    match address(host) {
        Some(ip) => reach_of_address(ip),
        None if is_number || last == "localhost" => Reach::Machine,
        None => Reach::Public,
    }
}

/// How far the host of the caller's own URL reaches at least.
pub(crate) fn reaches(host: &str) -> Reach {
    match address(host) {
        Some(ip) => reach_of_address(ip),
        None if host.eq_ignore_ascii_case("localhost") => Reach::Machine,
        None => Reach::Public,
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// By the registries of special addresses (RFC 6890, <https://www.iana.org/assignments/iana-ipv4-special-registry> and
/// its twin for IPv6).
fn reach_of_address(ip: IpAddr) -> Reach {
    match ip.to_canonical() {
        ip if ip.is_loopback() || ip.is_unspecified() => Reach::Machine,
        IpAddr::V4(ip) if is_private(ip) => Reach::Private,
        IpAddr::V6(ip) if is_private_v6(ip) => Reach::Private,
        _ => Reach::Public,
    }
}

fn is_private(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmarks = a == 198 && (18..20).contains(&b);
    ip.is_private() || ip.is_link_local() || ip.is_multicast() || shared || benchmarks || a == 0 || a >= 240
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, .., y, z] = ip.segments();
    // NAT64 (RFC 6052): the address in it counts.
    let [[y, x], [w, v]] = [y, z].map(u16::to_be_bytes);
    let nat64 = (a, b, c) == (0x64, 0xff9b, 0) && reach_of_address(Ipv4Addr::new(y, x, w, v).into()) != Reach::Public;
    // Unique local, link local, site local, multicast.
    nat64 || a & 0xfe00 == 0xfc00 || a & 0xff80 == 0xfe80 || a & 0xff00 == 0xff00
}

/// A host name as it travels: each part that is not ASCII as punycode (RFC 5891). Letters become small, nothing else is
/// mapped: a character that is no letter and no digit is refused, so that no name becomes another one.
///
/// # Errors
/// Names the character.
pub(crate) fn to_ascii(host: &str) -> Result<String, String> {
    let part_to_ascii = |part: &str| {
        if part.is_ascii() {
            return Ok(part.to_owned());
        }
        let small: Vec<char> = part.chars().flat_map(char::to_lowercase).collect();
        // The Kelvin sign is such a capital letter.
        if small.iter().all(char::is_ascii) {
            return Ok(small.into_iter().collect());
        }
        match small.iter().find(|c| !c.is_alphanumeric() && **c != '-') {
            Some(c) => Err(format!("{} is neither a letter nor a digit", c.escape_unicode())),
            None => Ok(format!("xn--{}", punycode(&small))),
        }
    };
    // Chinese and Japanese keyboards type these two full stops.
    let parts: Result<Vec<String>, String> = host.split(['.', '\u{3002}', '\u{ff0e}']).map(part_to_ascii).collect();
    Ok(parts?.join("."))
}

/// The encoder of RFC 3492, section 6.3. The crate for international names would add twenty dependencies.
fn punycode(name: &[char]) -> String {
    const BASE: u32 = 36;
    let digit = |value: u32| {
        char::from_digit(value, BASE).map(|digit| match digit {
            // a to z stand for 0 to 25, and 0 to 9 for 26 to 35.
            '0'..='9' => (b'a' + (digit as u8 - b'0')) as char,
            digit if digit < 'q' => (b'k' + (digit as u8 - b'a')) as char,
            digit => (b'0' + (digit as u8 - b'q')) as char,
        })
    };
    let mut out: String = name.iter().filter(|c| c.is_ascii()).collect();
    let basic = out.len() as u32;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128, 0_u32, 72, basic);
    while handled < name.len() as u32 {
        let next = name.iter().map(|c| *c as u32).filter(|c| *c >= n).min().unwrap_or(u32::MAX);
        delta = delta.saturating_add((next - n).saturating_mul(handled + 1));
        n = next;
        for c in name.iter().map(|c| *c as u32) {
            delta = delta.saturating_add(u32::from(c < n));
            if c != n {
                continue;
            }
            let (mut q, mut k) = (delta, BASE);
            loop {
                let threshold = k.saturating_sub(bias).clamp(1, 26);
                if q < threshold {
                    break;
                }
                out.extend(digit(threshold + (q - threshold) % (BASE - threshold)));
                q = (q - threshold) / (BASE - threshold);
                k += BASE;
            }
            out.extend(digit(q));
            bias = adapted(delta, handled + 1, handled == basic);
            (delta, handled) = (0, handled + 1);
        }
        (delta, n) = (delta.saturating_add(1), n.saturating_add(1));
    }
    out
}

fn adapted(delta: u32, handled: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / handled;
    let mut k = 0;
    while delta > 35 * 26 / 2 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_ascii_travel_as_punycode() {
        // RFC 3492, section 7.1, and names that people have.
        for (name, expected) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.Example", "xn--bcher-kva.Example"),
            ("münchen", "xn--mnchen-3ya"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
            ("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"),
            ("網關.example", "xn--zf0aw80c.example"),
            ("\u{212a}elvin.example", "kelvin.example"),
            ("plain-name.example", "plain-name.example"),
        ] {
            assert_eq!(to_ascii(name).as_deref(), Ok(expected), "{name}");
        }
        for name in ["bu\u{308}cher", "a\u{200d}b", "gate way\u{a0}", "☃.example"] {
            assert!(to_ascii(name).unwrap_err().contains("is neither a letter nor a digit"), "{name}");
        }
    }

    #[test]
    fn an_address_reaches_as_far_as_its_network() {
        for host in ["cdn.example", "8.8.8.8", "[2001:db8::1]", "172.32.0.1", "100.128.0.1", "[64:ff9b::808:808]"] {
            assert_eq!((may_reach(host), reaches(host)), (Reach::Public, Reach::Public), "{host}");
        }
        for host in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "0.1.2.3",
            "[fc00::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::a00:1]",
        ] {
            assert_eq!((may_reach(host), reaches(host)), (Reach::Private, Reach::Private), "{host}");
        }
        for host in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "10.0.0.1.",
        ] {
            let expected = if host.starts_with("10.") { Reach::Private } else { Reach::Machine };
            assert!(reaches(host) <= expected, "{host}");
            assert_eq!(may_reach(host), expected, "{host}");
        }
    }
}
