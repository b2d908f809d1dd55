//! A base URL leads to the host that it names, in the clear only on this machine; so does the link to a picture.
//!
//! Input: three lines: the base URL, a link, an action.
#![no_main]

use libfuzzer_sys::fuzz_target;
use url::{Host, Url};
use volcv_core::{Access, Endpoint, Plan, http::Uri};
use volcv_fuzz::key;
use volcv_types::{CvRequest, Map};

const PATH: &str = "/volcv/v1";

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(3, '\n');
    let [base, link, action] = [(); 3].map(|()| lines.next().unwrap_or_default());
    for insecure in [false, true] {
        let Ok(endpoint) = Endpoint::parse(base, insecure) else { continue };
        let again = Endpoint::parse(endpoint.url(), insecure).expect("an accepted url stays one");
        assert_eq!(again, endpoint);
        let trimmed = base.trim_end_matches('/');
        if !trimmed.ends_with(PATH) {
            for joined in [format!("{trimmed}{PATH}"), format!("{trimmed}/{PATH}"), format!("{trimmed}{PATH}/")] {
                assert_eq!(Endpoint::parse(&joined, insecure).expect("as good as the base").url(), endpoint.url());
            }
        }
        let access = Access::gateway(endpoint, key());
        check_call(&access, base, if action.trim().is_empty() { "CVProcess" } else { action }, insecure);
        check_link(&access, link, insecure);
    }
});

fn check_call(access: &Access, base: &str, action: &str, insecure: bool) {
    let request = CvRequest::new(action, "2022-08-31", Map::new()).expect("the action is not empty");
    let Ok(plan) = Plan::call(request, access) else { return };
    let preview = plan.preview();
    let url = preview["url"].as_str().expect("a preview has the url");
    let (before, query) = url.split_once('?').expect("a call has a query");
    assert!(before.ends_with(PATH) && query.starts_with("Action="), "{url}");
    url.parse::<Uri>().expect("the url of a call is one");
    // reqwest refuses some hosts that the http crate accepts. It does so before the call is sent.
    let (Ok(base), Ok(url)) = (Url::parse(base), Url::parse(url)) else { return };
    assert_eq!(base.origin(), url.origin());
    assert!(insecure || url.scheme() == "https" || is_local(&url), "{url}");
    let pairs: Vec<_> = url.query_pairs().collect();
    assert_eq!(pairs, [("Action".into(), action.into()), ("Version".into(), "2022-08-31".into())]);
}

fn check_link(access: &Access, link: &str, insecure: bool) {
    let Ok(plan) = Plan::download(link, access) else { return };
    let (Ok(base), Ok(parsed)) = (Url::parse(access.endpoint().url()), Url::parse(link)) else { return };
    let preview = plan.preview();
    let Ok(url) = Url::parse(preview["url"].as_str().expect("a preview has the url")) else {
        assert!(!link.is_ascii(), "of international names, volcv takes some that cannot be registered");
        return;
    };
    assert_eq!(parsed.origin(), url.origin());
    assert!(url.username().is_empty() && url.password().is_none());
    assert!(insecure || url.scheme() == "https" || is_local(&url), "{url}");
    // A link in a reply must not make the client send requests to its own machine.
    assert!(is_local(&base) || !is_local(&url), "a link from {base} to {url}");
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.is_unspecified() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}
