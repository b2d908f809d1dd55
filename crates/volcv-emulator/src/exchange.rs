//! One request and its answer, with the faults in between.

use std::time::Instant;

use crate::answer;
use crate::connection::{Connection, Next, Pause};
use crate::envelope::{self, Ticket};
use crate::fault::{BodyKind, Early, Fault, Stage};
use crate::http::Head;
use crate::kind::{AccessKind, RequestKind};
use crate::record::RequestRecord;
use crate::reply::Reply;
use crate::send;
use crate::service::{self, Judgement, Refusal, Wanted};
use crate::{codes, gateway};

/// A longer body is refused unread.
const MAX_BODY: u64 = 256 << 20;

/// Handles one request whose head has arrived.
pub(crate) fn exchange(connection: &mut Connection, head: &Head) -> Next {
    let (record, ticket, fault) = begin(connection, head);
    Exchange { connection, head, record, ticket, fault }.run()
}

struct Exchange<'a> {
    connection: &'a mut Connection,
    head: &'a Head,
    /// The number of the record.
    record: u64,
    ticket: Ticket,
    fault: Fault,
}

/// Writes the record, and takes the fault for this request.
fn begin(connection: &Connection, head: &Head) -> (u64, Ticket, Fault) {
    let is_secret = |name: &str| ["authorization", "x-security-token"].iter().any(|one| name.eq_ignore_ascii_case(one));
    let access = AccessKind::of(head);
    let kind = RequestKind::of(head);
    let settings = &connection.shared.settings;
    let mut state = connection.shared.state();
    let fault = state.take_fault(kind, settings.repeat_last);
    let mut ticket = Ticket::new(state.next_record(), head, &settings.region);
    if fault.as_ref().and_then(|fault| fault.body) == Some(BodyKind::NumericId) {
        ticket = ticket.with_numeric_id(state.next_record());
    }
    let record = state.add_record(RequestRecord {
        connection: connection.number,
        number_on_connection: connection.requests,
        request_id: ticket.request_id.clone(),
        method: head.method.clone(),
        path: head.path.clone(),
        query: head.query.clone(),
        action: ticket.action.clone(),
        kind,
        access,
        headers: head.headers.iter().filter(|(name, _)| !is_secret(name)).cloned().collect(),
        has_key: head.header("authorization").is_some(),
        has_token: head.header("x-security-token").is_some(),
        // A signature is judged with the whole body.
        key_ok: access != Some(AccessKind::Direct) && gateway::key_ok(settings, head),
        content_length: head.content_length,
        chunked: head.chunked,
        fault: fault.clone(),
        ..RequestRecord::default()
    });
    let mut fault = fault.unwrap_or_default();
    fault.fit_into_body(head.content_length.unwrap_or(0));
    (record, ticket, fault)
}

impl Exchange<'_> {
    fn run(mut self) -> Next {
        if self.pass(Stage::Headers) == Next::Close {
            return Next::Close;
        }
        if let Some(early) = self.fault.early {
            return self.answer_early(early);
        }
        if let Some((status, why)) = self.unreadable() {
            let reply = self.gateway_error(status, why);
            self.connection.shared.state().update(self.record, |record| record.refused = Some(why.to_owned()));
            let _ = self.send(&reply.closing());
            return self.connection.linger();
        }
        if self.head.expects_continue && self.connection.write(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
            return Next::Close;
        }
        let Some(body) = self.read_body() else { return Next::Close };
        let received = Instant::now();
        let verdict = self.judge(&body);
        drop(body);
        if self.pass(Stage::Body) == Next::Close {
            return Next::Close;
        }
        let reply = answer::compose(&self.connection.shared, &self.ticket, &self.fault, verdict);
        // The time for painting is part of the time that the service takes.
        let service = self.connection.shared.settings.delay.saturating_sub(received.elapsed());
        let delay = self.fault.delay.unwrap_or_default() + service;
        if !delay.is_zero() && self.connection.pause(Some(delay)) == Pause::Gone {
            return Next::Close;
        }
        self.send(&reply)
    }

    /// Goes past a stage: stalls or hangs up there if the fault says so.
    fn pass(&mut self, stage: Stage) -> Next {
        if self.connection.stall(&self.fault, stage) == Next::Close {
            return Next::Close;
        }
        let Some(hang_up) = self.fault.hang_up_at(stage) else { return Next::KeepOpen };
        if self.fault.delay.is_some_and(|delay| self.connection.pause(Some(delay)) == Pause::Gone) {
            return Next::Close;
        }
        self.connection.hang_up(hang_up.reset)
    }

    /// Why the body cannot be read.
    fn unreadable(&self) -> Option<(u16, &'static str)> {
        match self.head.content_length {
            _ if self.head.chunked => Some((411, "a chunked body is refused: Content-Length is required")),
            None if self.head.method != "GET" => Some((411, "Content-Length is required")),
            Some(length) if length > MAX_BODY => Some((413, "the body is too large")),
            _ => None,
        }
    }

    /// Reads the whole body; `None` when the connection ends first, on its own or through a fault.
    fn read_body(&mut self) -> Option<Vec<u8>> {
        let total = self.head.content_length.unwrap_or(0);
        let mut body = Vec::new();
        let mut stops = self.fault.stops_in_body();
        loop {
            let received = body.len() as u64;
            while let Some(&count) = stops.first()
                && count == received
            {
                stops.remove(0);
                if self.pass(Stage::Bytes(count)) == Next::Close {
                    return None;
                }
            }
            if received == total {
                return Some(body);
            }
            let limit = stops.first().map_or(total, |&count| count) - received;
            match self.connection.read_body(&mut body, limit) {
                Ok(0) | Err(_) => return None,
                Ok(_) => self.count(&body),
            }
        }
    }

    fn count(&self, body: &[u8]) {
        self.connection.shared.state().update(self.record, |record| record.body_received = body.len() as u64);
    }

    /// Counts a complete body.
    fn body_is_complete(&self, body: &[u8]) {
        let digest = format!("{:016x}-{}", service::digest(body), body.len());
        let mut state = self.connection.shared.state();
        state.update(self.record, |record| {
            record.body_complete = true;
            record.body_digest = Some(digest.clone());
        });
        if self.head.method == "POST" && AccessKind::of(self.head).is_some() {
            *state.complete_bodies.entry(digest).or_default() += 1;
        }
    }

    /// Counts and checks a complete request. All counting is done before anything is answered.
    fn judge(&self, body: &[u8]) -> Result<Wanted, Refusal> {
        self.body_is_complete(body);
        let Judgement { verdict, key_ok, json } =
            service::judge(&self.connection.shared, &self.ticket, self.head, body);
        let mut state = self.connection.shared.state();
        if verdict.as_ref().is_ok_and(Wanted::is_charged) {
            state.charges += 1;
        }
        state.update(self.record, |record| {
            record.key_ok = key_ok;
            record.json = json;
            record.refused = verdict.as_ref().err().map(|refusal| refusal.why.clone());
        });
        verdict
    }

    fn answer_early(&mut self, early: Early) -> Next {
        let refusal = Refusal { reply: self.gateway_error(503, "answered early"), why: String::new() };
        let mut reply = answer::compose(&self.connection.shared, &self.ticket, &self.fault, Err(refusal));
        if early == Early::Close {
            reply = reply.closing();
        }
        if self.fault.delay.is_some_and(|delay| self.connection.pause(Some(delay)) == Pause::Gone) {
            return Next::Close;
        }
        let next = self.send(&reply);
        if early == Early::Close || self.unreadable().is_some() {
            return self.connection.linger();
        }
        let Some(body) = self.read_body() else { return Next::Close };
        let _ = self.judge(&body);
        next
    }

    fn gateway_error(&self, status: u16, why: &str) -> Reply {
        let body = match AccessKind::of(self.head) {
            Some(AccessKind::Direct) => envelope::top(&self.ticket, codes::MISSING_REQUEST_INFO, why),
            _ => envelope::gateway(why, &self.ticket.request_id, "new_api_error", ""),
        };
        Reply::json(status, &body)
    }

    /// Sends a reply. The status is in the record before the client can see it.
    fn send(&mut self, reply: &Reply) -> Next {
        let closing = {
            let mut state = self.connection.shared.state();
            state.update(self.record, |record| record.status = (!self.fault.garbage).then_some(reply.status));
            reply.closes || !self.head.keep_alive || state.wants_connection()
        };
        send::send(self.connection, &Reply { closes: closing, ..reply.clone() }, &self.fault)
    }
}
