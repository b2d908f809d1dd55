//! The one decision about an attempt that has ended: what it cost, and what follows.
//!
//! [`decide`] reads the facts of the attempt and looks its event up in one of three tables: [`RULES`] for paid calls,
//! [`POLL_RULES`] for questions about a task, [`DOWNLOAD_RULES`] for downloads of a result's link. No other file decides a
//! charge or an action; the call machine only applies the limits (attempts, charges, budget, deadline) and the caller's hook.

use volcv_types::Charge;

use crate::call::delivery::Delivery;
use crate::request::expects::Expects;

/// How an attempt ended, as far as money is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptEvent {
    /// The host name was not found, the connection or the handshake failed, or a limit passed before the first byte of
    /// the body.
    NotSent,
    /// The server's certificate was refused.
    CertificateRefused,
    /// The proxy asks for a user name and a password, or for different ones.
    ProxyRefused,
    /// A write error, a stall, a limit or a failure reply ended the attempt while the body was only partly delivered.
    UploadBroken,
    /// The whole body was delivered, and then an error or a limit came instead of a reply.
    Unanswered,
    /// A success status with a reply that is cut or malformed, or a failure that came with a whole picture.
    ReplyUnusable,
    /// A success status with a reply that volcv does not read: over a limit, or compressed.
    ReplyUnsupported,
    /// Status 429, or code 50429 or 50430 at any status.
    Throttled,
    /// Status 503 with `Retry-After`.
    Busy,
    /// Status 5xx, 406 `upstream_error` without an inner code, codes 50500 and 50501, unknown codes; of a question about a task,
    /// status 408.
    ServiceFailed,
    /// Codes such as 50511 and 50519: the review refused this result; another seed can pass.
    ResultRefusedOnce,
    /// The review refused the result for good.
    ResultRefused,
    /// Status 4xx, the input, the key or the account was refused.
    CallRefused,
    /// A redirect.
    Moved,
    /// The service refused the time of the signature: its clock and that of this machine differ.
    ClockRefused,
    /// The service refused the session token.
    TokenRefused,
    /// The task waits or is worked on.
    TaskPending,
    /// The task has ended: the review or the service refused its input.
    TaskRefused,
    /// The task has ended without a result.
    TaskFailed,
    /// The service does not know the task, or not yet.
    TaskNotFound,
    /// The result of the task has been deleted.
    TaskExpired,
    /// The caller cancelled the attempt.
    Cancelled,
    /// The attempt gave what was asked for.
    Succeeded,
}

/// What the client does after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryAction {
    /// Sends the call again, if attempts, budget and deadline allow.
    Again,
    /// Sends the call again only as far as `charge_limit` allows attempts that may have been charged.
    WithinChargeLimit,
    /// As [`RetryAction::WithinChargeLimit`], with a new seed, if the policy asks for it.
    NewSeed,
    /// Follows a redirect at once. It does not count as an attempt, and the caller's hook is not asked.
    Follow,
    /// Sends the call once more at once, signed for the clock of the service or with new credentials. It does not count as an
    /// attempt, and the caller's hook is not asked. If it was done before or cannot help, it is [`RetryAction::Stop`].
    SignAgain,
    /// Asks again after a while. It does not count as an attempt, and the caller's hook is not asked.
    Poll,
    /// Ends the call.
    Stop,
}

/// One row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// How the attempt ended.
    pub event: AttemptEvent,
    /// Whether the attempt may have been charged. [`RULES`] names the charge of a whole delivery, [`POLL_RULES`] that of the
    /// task: a poll itself costs nothing.
    pub charge: Charge,
    /// What follows by default.
    pub action: RetryAction,
}

/// The table of paid calls. Its reasons: the service acts on complete JSON only, so a partly delivered call has bought
/// nothing; a fully delivered call may have been billed whatever became of the reply.
#[rustfmt::skip]
pub const RULES: [Rule; 23] = [
    rule(AttemptEvent::NotSent,            Charge::None,    RetryAction::Again),
    rule(AttemptEvent::CertificateRefused, Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::ProxyRefused,       Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::UploadBroken,       Charge::None,    RetryAction::Again),
    rule(AttemptEvent::Unanswered,         Charge::Unknown, RetryAction::WithinChargeLimit),
    rule(AttemptEvent::ReplyUnusable,      Charge::Charged, RetryAction::Stop),
    rule(AttemptEvent::ReplyUnsupported,   Charge::Charged, RetryAction::Stop),
    rule(AttemptEvent::Throttled,          Charge::None,    RetryAction::Again),
    rule(AttemptEvent::Busy,               Charge::None,    RetryAction::Again),
    rule(AttemptEvent::ServiceFailed,      Charge::Unknown, RetryAction::WithinChargeLimit),
    rule(AttemptEvent::ResultRefusedOnce,  Charge::Unknown, RetryAction::NewSeed),
    rule(AttemptEvent::ResultRefused,      Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::CallRefused,        Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::Moved,              Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::ClockRefused,       Charge::None,    RetryAction::SignAgain),
    rule(AttemptEvent::TokenRefused,       Charge::None,    RetryAction::SignAgain),
    rule(AttemptEvent::TaskPending,        Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::TaskRefused,        Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TaskFailed,         Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::TaskNotFound,       Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::TaskExpired,        Charge::Unknown, RetryAction::Stop),
    // `decide` gives a cancelled attempt the charge of the event that it had come to.
    rule(AttemptEvent::Cancelled,          Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::Succeeded,          Charge::Charged, RetryAction::Stop),
];

/// The table of questions about a task. Its reasons: asking costs nothing and changes nothing, so it is repeated until there is
/// an answer; the task itself goes on whether it is asked for or not.
#[rustfmt::skip]
pub const POLL_RULES: [Rule; 23] = [
    rule(AttemptEvent::NotSent,            Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::CertificateRefused, Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::ProxyRefused,       Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::UploadBroken,       Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::Unanswered,         Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::ReplyUnusable,      Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::ReplyUnsupported,   Charge::Charged, RetryAction::Stop),
    rule(AttemptEvent::Throttled,          Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::Busy,               Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::ServiceFailed,      Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::ResultRefusedOnce,  Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::ResultRefused,      Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::CallRefused,        Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::Moved,              Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::ClockRefused,       Charge::Unknown, RetryAction::SignAgain),
    rule(AttemptEvent::TokenRefused,       Charge::Unknown, RetryAction::SignAgain),
    rule(AttemptEvent::TaskPending,        Charge::Unknown, RetryAction::Poll),
    rule(AttemptEvent::TaskRefused,        Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TaskFailed,         Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::TaskNotFound,       Charge::Unknown, RetryAction::Again),
    rule(AttemptEvent::TaskExpired,        Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::Cancelled,          Charge::Unknown, RetryAction::Stop),
    rule(AttemptEvent::Succeeded,          Charge::Charged, RetryAction::Stop),
];

/// The table of downloads. Its reasons: a download costs nothing, and storage that answers 403 or 404 may not have the
/// picture yet. So nearly every failure is tried again.
#[rustfmt::skip]
pub const DOWNLOAD_RULES: [Rule; 23] = [
    rule(AttemptEvent::NotSent,            Charge::None,    RetryAction::Again),
    rule(AttemptEvent::CertificateRefused, Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::ProxyRefused,       Charge::None,    RetryAction::Again),
    rule(AttemptEvent::UploadBroken,       Charge::None,    RetryAction::Again),
    rule(AttemptEvent::Unanswered,         Charge::None,    RetryAction::Again),
    rule(AttemptEvent::ReplyUnusable,      Charge::None,    RetryAction::Again),
    rule(AttemptEvent::ReplyUnsupported,   Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::Throttled,          Charge::None,    RetryAction::Again),
    rule(AttemptEvent::Busy,               Charge::None,    RetryAction::Again),
    rule(AttemptEvent::ServiceFailed,      Charge::None,    RetryAction::Again),
    rule(AttemptEvent::ResultRefusedOnce,  Charge::None,    RetryAction::Again),
    rule(AttemptEvent::ResultRefused,      Charge::None,    RetryAction::Again),
    rule(AttemptEvent::CallRefused,        Charge::None,    RetryAction::Again),
    rule(AttemptEvent::Moved,              Charge::None,    RetryAction::Follow),
    rule(AttemptEvent::ClockRefused,       Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TokenRefused,       Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TaskPending,        Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TaskRefused,        Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TaskFailed,         Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TaskNotFound,       Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::TaskExpired,        Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::Cancelled,          Charge::None,    RetryAction::Stop),
    rule(AttemptEvent::Succeeded,          Charge::None,    RetryAction::Stop),
];

const fn rule(event: AttemptEvent, charge: Charge, action: RetryAction) -> Rule {
    Rule { event, charge, action }
}

impl AttemptEvent {
    /// The row of [`RULES`].
    pub fn rule(self) -> Rule {
        // The tables have the order of the enum, which a test checks.
        RULES[self as usize]
    }

    /// The row of [`POLL_RULES`].
    pub fn poll_rule(self) -> Rule {
        POLL_RULES[self as usize]
    }

    /// The row of [`DOWNLOAD_RULES`].
    pub fn download_rule(self) -> Rule {
        DOWNLOAD_RULES[self as usize]
    }

    /// Whether nothing can come of the task any more. One that is not known may still become known.
    pub(crate) fn ends_task(self) -> bool {
        matches!(self, AttemptEvent::TaskRefused | AttemptEvent::TaskFailed | AttemptEvent::TaskExpired)
    }
}

/// What is known of an attempt that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) expects: Expects,
    pub(crate) event: AttemptEvent,
    pub(crate) delivery: Delivery,
    /// The HTTP status, if a reply began.
    pub(crate) status: Option<u16>,
    /// The attempt failed, but its reply has a whole picture.
    pub(crate) has_whole_picture: bool,
}

/// What an attempt cost, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) charge: Charge,
    pub(crate) action: RetryAction,
}

/// Decides about an attempt.
pub(crate) fn decide(facts: &Facts) -> Decision {
    match facts.expects {
        Expects::Pictures | Expects::Json => decide_paid(facts),
        // A task that was accepted is not done yet.
        Expects::Task => {
            let decision = decide_paid(facts);
            Decision { charge: decision.charge.min(Charge::Unknown), ..decision }
        }
        // Asking again could only give the same picture.
        Expects::TaskResult | Expects::TaskStatus if facts.has_whole_picture => {
            AttemptEvent::ReplyUnsupported.poll_rule().into()
        }
        Expects::TaskResult | Expects::TaskStatus => facts.event.poll_rule().into(),
        // What the service says of a task that was given up does not matter any more.
        Expects::FreeJson => Decision { charge: Charge::None, ..facts.event.poll_rule().into() },
        Expects::File => facts.event.download_rule().into(),
    }
}

/// Decides about an attempt of a paid call.
fn decide_paid(facts: &Facts) -> Decision {
    let is_complete = facts.delivery.is_full();
    let is_success_status = facts.status.is_some_and(|status| (200..300).contains(&status));
    let event = match facts.event {
        AttemptEvent::Cancelled => {
            let charge = event_before_cancel(facts).rule().charge;
            return Decision { charge, ..Decision::from(AttemptEvent::Cancelled.rule()) };
        }
        AttemptEvent::Succeeded => AttemptEvent::Succeeded,
        // With status 408 a server says that it waited too long for the missing part of the request.
        _ if !is_complete && facts.status == Some(408) => AttemptEvent::UploadBroken,
        // Sending again would buy a second picture.
        _ if facts.has_whole_picture => AttemptEvent::ReplyUnusable,
        AttemptEvent::ServiceFailed if !is_complete => AttemptEvent::UploadBroken,
        event => event,
    };
    let decision = Decision::from(event.rule());
    // A failure reply that came before the whole body has bought nothing, whatever it says. A success status says that
    // the service has acted.
    let is_usual_charge = match event {
        AttemptEvent::Succeeded => true,
        AttemptEvent::ReplyUnusable | AttemptEvent::ReplyUnsupported => is_complete || is_success_status,
        _ => is_complete,
    };
    if is_usual_charge { decision } else { Decision { charge: Charge::None, ..decision } }
}

impl From<Rule> for Decision {
    fn from(rule: Rule) -> Self {
        Self { charge: rule.charge, action: rule.action }
    }
}

/// The event that a cancelled attempt had come to.
fn event_before_cancel(facts: &Facts) -> AttemptEvent {
    match (facts.status, facts.delivery) {
        (Some(200..=299), _) => AttemptEvent::ReplyUnusable,
        (Some(..=499), _) => AttemptEvent::CallRefused,
        (_, Delivery::Full { .. }) => AttemptEvent::Unanswered,
        (_, Delivery::Partial { .. }) => AttemptEvent::UploadBroken,
        (_, Delivery::NotSent) => AttemptEvent::NotSent,
    }
}

/// What a whole call costs: the highest charge of its attempts. The picture behind a link was paid for before its
/// download began. What a task costs is told by its last poll.
pub(crate) fn charge_of_call(expects: Expects, last: Charge, attempts: impl IntoIterator<Item = Charge>) -> Charge {
    let before = match expects {
        Expects::File => Charge::Charged,
        Expects::TaskResult | Expects::TaskStatus => return last,
        Expects::Pictures | Expects::Json | Expects::Task | Expects::FreeJson => Charge::None,
    };
    attempts.into_iter().fold(before, Ord::max)
}

/// What is known of the cost of a call before its first attempt.
pub(crate) fn charge_before(expects: Expects) -> Charge {
    charge_of_call(expects, Charge::Unknown, [])
}

/// What one attempt cost. A poll costs nothing; the one that brings a picture stands for the task.
pub(crate) fn charge_of_attempt(expects: Expects, decision: Decision) -> Charge {
    let is_billed = !expects.is_poll() || decision.charge == Charge::Charged;
    if is_billed { decision.charge } else { Charge::None }
}

/// Whether the caller may make the same call again: it can help, and no attempt has bought anything. A question about a task
/// may always be asked again.
pub(crate) fn is_retryable(expects: Expects, last: Decision, attempts: impl IntoIterator<Item = Charge>) -> bool {
    let can_help = matches!(last.action, RetryAction::Again | RetryAction::Poll);
    can_help && (expects.is_poll() || attempts.into_iter().all(|charge| charge == Charge::None))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Delivery = Delivery::Partial { sent: 1, total: 2 };
    const FULL: Delivery = Delivery::Full { total: 2 };

    fn facts(event: AttemptEvent, delivery: Delivery, status: Option<u16>) -> Facts {
        Facts { expects: Expects::Pictures, event, delivery, status, has_whole_picture: false }
    }

    #[test]
    fn every_event_has_its_row_in_every_table() {
        for (i, rule) in RULES.iter().enumerate() {
            let (poll, download) = (POLL_RULES[i], DOWNLOAD_RULES[i]);
            assert_eq!((rule.event as usize, poll.event, download.event), (i, rule.event, rule.event));
            assert_eq!(
                (rule.event.rule(), rule.event.poll_rule(), rule.event.download_rule()),
                (*rule, poll, download)
            );
        }
    }

    #[test]
    fn nothing_that_may_be_charged_is_sent_again_without_asking() {
        for rule in RULES {
            assert!(rule.charge == Charge::None || rule.action != RetryAction::Again, "{rule:?}");
            let decision = decide(&facts(rule.event, FULL, None));
            assert!(decision.charge == Charge::None || decision.action != RetryAction::Again, "{rule:?}");
        }
    }

    #[test]
    fn a_task_that_is_handed_in_is_at_most_unknown_and_otherwise_decided_as_a_call() {
        for rule in RULES {
            for delivery in [Delivery::NotSent, PART, FULL] {
                for status in [None, Some(200), Some(400), Some(408), Some(500)] {
                    let call = facts(rule.event, delivery, status);
                    let (task, call) = (decide(&Facts { expects: Expects::Task, ..call }), decide(&call));
                    let charge = if call.charge == Charge::None { Charge::None } else { Charge::Unknown };
                    assert_eq!(task, Decision { charge, ..call }, "{rule:?} {delivery:?} {status:?}");
                }
            }
        }
    }

    #[test]
    fn a_question_about_a_task_costs_nothing_unless_it_brings_the_picture() {
        for expects in [Expects::TaskResult, Expects::TaskStatus, Expects::FreeJson] {
            for rule in POLL_RULES {
                let decision = decide(&Facts { expects, ..facts(rule.event, FULL, None) });
                assert_eq!(decision.action, rule.action);
                let charge = charge_of_attempt(expects, decision);
                let has_picture = matches!(rule.event, AttemptEvent::Succeeded | AttemptEvent::ReplyUnsupported);
                assert_eq!(charge == Charge::Charged, has_picture && expects != Expects::FreeJson, "{rule:?}");
                assert!(charge != Charge::Unknown && (expects != Expects::FreeJson || decision.charge == Charge::None));
            }
        }
    }

    #[test]
    fn a_download_costs_nothing_whatever_was_delivered() {
        for rule in DOWNLOAD_RULES {
            for delivery in [Delivery::NotSent, FULL] {
                let facts = Facts { expects: Expects::File, ..facts(rule.event, delivery, Some(200)) };
                assert_eq!(decide(&facts), Decision { charge: Charge::None, action: rule.action });
            }
        }
        assert_eq!(charge_of_call(Expects::File, Charge::None, [Charge::None]), Charge::Charged);
    }

    #[test]
    fn a_failure_reply_to_a_part_of_the_body_has_bought_nothing() {
        for rule in RULES.iter().filter(|rule| !matches!(rule.event, AttemptEvent::Succeeded)) {
            for status in [400, 408, 500] {
                let decision = decide(&facts(rule.event, PART, Some(status)));
                let is_cancelled_in_reply = rule.event == AttemptEvent::Cancelled;
                assert!(decision.charge == Charge::None || is_cancelled_in_reply, "{rule:?} {status}");
            }
        }
        let again = Decision { charge: Charge::None, action: RetryAction::Again };
        assert_eq!(decide(&facts(AttemptEvent::ServiceFailed, PART, Some(502))), again);
        assert_eq!(decide(&facts(AttemptEvent::CallRefused, PART, Some(408))), again);
    }

    #[test]
    fn a_whole_picture_in_a_failure_was_charged_and_ends_the_call() {
        for rule in RULES.iter().filter(|rule| !matches!(rule.event, AttemptEvent::Cancelled)) {
            let facts = Facts { has_whole_picture: true, ..facts(rule.event, FULL, Some(500)) };
            assert_eq!(decide(&facts), Decision { charge: Charge::Charged, action: RetryAction::Stop }, "{rule:?}");
        }
    }
}
