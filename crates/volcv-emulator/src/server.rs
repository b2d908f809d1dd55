//! The server: accepts connections, and serves each on a thread of its own.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::connection::{Connection, Next, Pause};
use crate::exchange::exchange;
use crate::http::HeadError;
use crate::reply::Reply;
use crate::send;
use crate::shared::Shared;
use crate::{Fault, Stage, envelope};

/// The pause after a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(10);

/// Accepts until the server stops, then joins the threads of the connections.
pub(crate) fn accept_all(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads: Vec<thread::JoinHandle<()>> = Vec::new();
    loop {
        let accepted = listener.accept();
        if shared.state().stopped {
            break;
        }
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors or a connection that died in the queue: neither should spin.
            shared.sleep(PAUSE);
            continue;
        };
        if shared.is_marker(peer) {
            continue;
        }
        threads.retain(|thread| !thread.is_finished());
        let stream = Arc::new(stream);
        let Some(number) = shared.open(&stream) else { break };
        let mut connection = Connection::new(shared, stream, number);
        // The thread's name is the only thing that could fail here besides a lack of threads; then the client sees a close.
        if let Ok(thread) =
            thread::Builder::new().name(format!("connection {number}")).spawn(move || serve(&mut connection))
        {
            threads.push(thread);
        }
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn serve(connection: &mut Connection) {
    if apply_connection_fault(connection) == Next::KeepOpen {
        while serve_one(connection) == Next::KeepOpen {}
    }
}

/// Applies a fault that takes the whole connection.
fn apply_connection_fault(connection: &mut Connection) -> Next {
    let repeat = connection.shared.settings.repeat_last;
    let Some(fault) = connection.shared.state().take_connection_fault(repeat) else { return Next::KeepOpen };
    if fault.delay.is_some_and(|delay| connection.pause(Some(delay)) == Pause::Gone) {
        return Next::Close;
    }
    if let Some(hang_up) = fault.hang_up_at(Stage::Accept) {
        return connection.hang_up(hang_up.reset);
    }
    connection.stall(&fault, Stage::Accept)
}

fn serve_one(connection: &mut Connection) -> Next {
    let head = match connection.read_head() {
        Ok(Some(head)) => head,
        Ok(None) | Err(HeadError::Io) => return Next::Close,
        Err(HeadError::Malformed(why)) => {
            let reply = Reply::json(400, &envelope::gateway(&why, "", "invalid_request_error", ""));
            let _ = send::send(connection, &reply.closing(), &Fault::default());
            return connection.linger();
        }
    };
    connection.requests += 1;
    exchange(connection, &head)
}
