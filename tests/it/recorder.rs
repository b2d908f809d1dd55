//! Notes what the wire did to each attempt on ureq, so that it can be played again as a script.

use std::sync::{Arc, Mutex};

use volcv::core::http::HeaderMap;
use volcv::core::{Stop, TimeLimit};
use volcv::testing::{Act, ScriptedTransport};
use volcv::{
    AttemptRecord, CancelToken, Delivery, Limits, ReplySink, Request, Tls, Transport, TransportError,
    TransportErrorKind, UreqTransport,
};

/// A ureq transport that takes notes.
#[derive(Clone)]
pub(crate) struct Recorder {
    ureq: Arc<UreqTransport>,
    notes: Arc<Mutex<Vec<Note>>>,
}

#[derive(Default)]
struct Note {
    head: Option<(u16, HeaderMap)>,
    body: Vec<u8>,
    error: Option<TransportErrorKind>,
}

impl Recorder {
    /// The acts of a script that does the same; what was taken of each body is known from the attempts.
    pub(crate) fn script(&self, attempts: &[AttemptRecord]) -> ScriptedTransport {
        let notes = self.notes.lock().unwrap();
        assert_eq!(notes.len(), attempts.len());
        ScriptedTransport::new(notes.iter().zip(attempts).map(|(note, attempt)| note.act(attempt.delivery)))
    }
}

impl Note {
    fn act(&self, delivery: Delivery) -> Act {
        let act = match (&self.head, self.error) {
            (Some((status, headers)), error) => {
                let act = Act::reply(*status, self.body.clone()).headers(headers.clone());
                error.map_or(act.clone(), |kind| act.cut(kind))
            }
            (None, Some(TransportErrorKind::Timeout(_))) => Act::hang(),
            (None, error) => Act::fail(error.unwrap_or(TransportErrorKind::Other)),
        };
        match delivery {
            Delivery::NotSent => act.after(0),
            Delivery::Partial { sent, .. } => act.after(sent),
            Delivery::Full { .. } => act.after_all(),
        }
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self { ureq: Arc::new(UreqTransport::new(&Tls::new()).unwrap()), notes: Arc::default() }
    }
}

impl Transport for Recorder {
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError> {
        let mut sink = Copying { note: Note::default(), reply };
        let result = self.ureq.send(request, &mut sink, limits, cancel);
        let mut note = sink.note;
        // The cancel came from the timer: no row of the table gives up by itself.
        let watched = cancel.is_cancelled().then_some(TransportErrorKind::Timeout(TimeLimit::Stall));
        note.error = result.as_ref().err().map(|error| watched.unwrap_or(error.kind()));
        self.notes.lock().unwrap().push(note);
        result
    }
}

struct Copying<'a> {
    note: Note,
    reply: &'a mut (dyn ReplySink + Send),
}

impl ReplySink for Copying<'_> {
    fn head(&mut self, status: u16, headers: &HeaderMap) -> Result<(), Stop> {
        self.note.head = Some((status, headers.clone()));
        self.reply.head(status, headers)
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        self.note.body.extend_from_slice(chunk);
        self.reply.data(chunk)
    }
}
