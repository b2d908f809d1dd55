//! The way to the service as one value: where calls go, and what proves that the caller may make them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use volcv_types::AccessKind;

use super::auth::ApiKey;
use super::credentials::Credentials;
use super::endpoint::Endpoint;
use crate::error::Error;
use crate::redact::{Secrets, brief, without};

/// The way to the service. Clones share what was learned about the clock and the credentials.
#[derive(Clone, Debug)]
pub struct Access {
    pub(super) endpoint: Endpoint,
    pub(super) auth: Auth,
}

#[derive(Clone, Debug)]
pub(super) enum Auth {
    Bearer(ApiKey),
    Signed(Arc<Signer>),
}

impl Access {
    /// The address of direct access.
    pub const DIRECT_URL: &'static str = "https://visual.volcengineapi.com";
    /// The region of direct access.
    pub const REGION: &'static str = "cn-north-1";
    /// The name of the service in signatures.
    pub const SERVICE: &'static str = "cv";

    /// A gateway with a bearer key: `POST {base}/volcv/v1`.
    pub fn gateway(endpoint: Endpoint, key: ApiKey) -> Self {
        Self { endpoint, auth: Auth::Bearer(key) }
    }

    /// Volcengine's own host with signed requests: `POST {base}/`. Without credentials, each call asks its driver for some.
    ///
    /// # Errors
    /// The region is not a word of letters, digits and hyphens.
    pub fn direct(endpoint: Endpoint, region: &str, credentials: Option<Credentials>) -> Result<Self, Error> {
        if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            let region = brief(region, Secrets::NONE);
            return Err(Error::config(format!(
                "the region is \"{region}\", but must be letters, digits and hyphens, such as {}",
                Self::REGION
            )));
        }
        let known = Mutex::new(Known { credentials, can_renew: false, clock: Clock::default() });
        Ok(Self { endpoint, auth: Auth::Signed(Arc::new(Signer { region: region.to_owned(), known })) })
    }

    /// Which names some fields of a request have.
    pub fn kind(&self) -> AccessKind {
        match self.auth {
            Auth::Bearer(_) => AccessKind::Gateway,
            Auth::Signed(_) => AccessKind::Direct,
        }
    }

    /// A text that is going to be shown, with `[key]` in the place of every part of the credentials that are known.
    pub fn redact(&self, text: &str) -> String {
        match &self.auth {
            Auth::Bearer(key) => without(text, key.secrets()).into_owned(),
            Auth::Signed(signer) => {
                let known = signer.credentials();
                without(text, known.as_ref().map_or(Secrets::NONE, Credentials::secrets)).into_owned()
            }
        }
    }

    /// Where calls go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

/// What all calls of a client know about signing.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(super) region: String,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    credentials: Option<Credentials>,
    /// The credentials came from a driver, which can ask for others.
    can_renew: bool,
    clock: Clock,
}

/// How far the clock of the service is ahead of the clock of this machine, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Clock(i64);

impl Clock {
    /// The clock that shows `theirs` when the clock of this machine shows `ours`.
    pub(crate) fn between(ours: SystemTime, theirs: SystemTime) -> Self {
        Self(unix(theirs) - unix(ours))
    }

    /// What the clock of the service shows.
    pub(crate) fn time(self, ours: SystemTime) -> SystemTime {
        let (distance, is_ahead) = (Duration::from_secs(self.0.unsigned_abs()), self.0 >= 0);
        let time = if is_ahead { ours.checked_add(distance) } else { ours.checked_sub(distance) };
        time.unwrap_or(ours)
    }

    /// In words, for an error.
    pub(crate) fn describe(self) -> String {
        let direction = if self.0 >= 0 { "ahead of" } else { "behind" };
        format!("its clock is {} s {direction} the clock of this machine", self.0.unsigned_abs())
    }
}

/// Seconds since 1970, negative before.
fn unix(time: SystemTime) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 4);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => -seconds(before.duration()),
    }
}

impl Signer {
    /// Credentials that end sooner than this are asked for again.
    const MARGIN: Duration = Duration::from_secs(60);

    /// The known credentials, if they last for a while.
    pub(crate) fn fresh(&self, now: SystemTime) -> Option<Credentials> {
        self.lasting(now, Self::MARGIN)
    }

    /// The known credentials, if they have not ended yet.
    pub(crate) fn usable(&self, now: SystemTime) -> Option<Credentials> {
        self.lasting(now, Duration::ZERO)
    }

    /// The known credentials, whether they have ended or not.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        self.known().credentials.clone()
    }

    fn lasting(&self, now: SystemTime, time: Duration) -> Option<Credentials> {
        let known = self.known();
        let until = known.clock.time(now).checked_add(time)?;
        known.credentials.clone().filter(|credentials| credentials.expires().is_none_or(|end| until < end))
    }

    /// Keeps credentials for the next calls.
    ///
    /// # Errors
    /// They have ended.
    pub(crate) fn keep(&self, credentials: Credentials, now: SystemTime) -> Result<Credentials, Error> {
        let mut known = self.known();
        if credentials.expires().is_some_and(|end| end <= known.clock.time(now)) {
            return Err(Error::auth("the credentials have expired"));
        }
        (known.credentials, known.can_renew) = (Some(credentials.clone()), true);
        Ok(credentials)
    }

    /// Forgets credentials that the service has refused, unless others have taken their place.
    pub(crate) fn forget(&self, refused: &Credentials) {
        self.known().credentials.take_if(|credentials| credentials.is_same(refused));
    }

    pub(crate) fn can_renew(&self) -> bool {
        self.known().can_renew
    }

    pub(crate) fn clock(&self) -> Clock {
        self.known().clock
    }

    pub(crate) fn set_clock(&self, clock: Clock) {
        self.known().clock = clock;
    }

    /// A panic elsewhere leaves nothing half-made here.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn signer(credentials: Option<Credentials>) -> Signer {
        Signer {
            region: "r".to_owned(),
            known: Mutex::new(Known { credentials, can_renew: false, clock: Clock::default() }),
        }
    }

    #[test]
    fn credentials_are_asked_for_a_minute_before_they_end_and_never_used_after() {
        let pair = Credentials::new("AK", "SK").unwrap();
        assert!(signer(Some(pair.clone())).fresh(at(u32::MAX.into())).is_some());
        let signer = signer(Some(pair.clone().expires_at(at(1000))));
        let known = |now| (signer.fresh(at(now)).is_some(), signer.usable(at(now)).is_some());
        assert_eq!(
            [known(939), known(940), known(999), known(1000)].map(|(f, u)| u8::from(f) + u8::from(u)),
            [2, 1, 1, 0]
        );
        assert!(signer.keep(pair.clone().expires_at(at(5)), at(5)).is_err());
        let newer = signer.keep(pair.clone(), at(5)).unwrap();
        signer.forget(&Credentials::new("AK", "SK").unwrap());
        assert!(signer.fresh(at(5)).is_some());
        signer.forget(&newer);
        assert!(signer.usable(at(5)).is_none());
    }

    #[test]
    fn the_end_of_credentials_is_read_on_the_clock_of_the_service() {
        let signer = signer(Some(Credentials::new("AK", "SK").unwrap().expires_at(at(10_000))));
        signer.set_clock(Clock::between(at(0), at(9_950)));
        assert!(signer.fresh(at(0)).is_none() && signer.usable(at(0)).is_some());
        signer.set_clock(Clock::between(at(20_000), at(800)));
        assert!(signer.fresh(at(20_000)).is_some());
    }

    #[test]
    fn clocks_of_any_distance_are_bridged() {
        for (ours, theirs) in [(at(5000), at(3800)), (at(3800), at(5000)), (at(0), at(1 << 40)), (at(7), at(7))] {
            assert_eq!(Clock::between(ours, theirs).time(ours), theirs);
        }
        assert_eq!(Clock(-1200).describe(), "its clock is 1200 s behind the clock of this machine");
    }

    #[test]
    fn no_part_of_the_credentials_stays_in_a_text_that_is_shown() {
        let endpoint = Endpoint::parse_direct(Access::DIRECT_URL, false).unwrap();
        let pair = Credentials::new("AK-canary", "SK-canary").unwrap().session_token("ST-canary").unwrap();
        let direct = Access::direct(endpoint.clone(), Access::REGION, Some(pair)).unwrap();
        let gateway = Access::gateway(endpoint, ApiKey::new("sk-canary").unwrap());
        assert_eq!(
            direct.redact("https://x/?a=AK-canary&b=SK-canary&c=ST-canary"),
            "https://x/?a=[key]&b=[key]&c=[key]"
        );
        assert_eq!(gateway.redact("https://x/?a=sk-canary&b=1"), "https://x/?a=[key]&b=1");
    }

    #[test]
    fn a_region_is_a_word() {
        let endpoint = Endpoint::parse_direct(Access::DIRECT_URL, false).unwrap();
        for region in ["", "cn north", "cn/north", "北京"] {
            Access::direct(endpoint.clone(), region, None).unwrap_err();
        }
        assert_eq!(Access::direct(endpoint, "cn-north-1", None).unwrap().kind(), AccessKind::Direct);
    }
}
