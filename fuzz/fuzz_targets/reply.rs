//! A reply means the same in any pieces, costs bounded memory, and never becomes a picture that it is not.
//!
//! Input: status (and whether the head has a length), transport's result and four sizes of pieces, one byte each; a line
//! for the headers; the body.
#![no_main]

use base64::Engine as _;
use base64::engine::{GeneralPurpose, general_purpose::PAD_INDIFFERENT};
use libfuzzer_sys::fuzz_target;
use volcv_core::{Outcome, Output, TransportErrorKind};
use volcv_fuzz::{Arrival, KEY, KEY_START, REPLY_LIMIT, STATUSES, TRANSPORT_ERRORS, check_texts, receive};
use volcv_types::{PictureInfo, Reply};

fuzz_target!(|input: &[u8]| {
    let Some((&[form, transport, sizes @ ..], texts)) = input.split_first_chunk::<6>() else { return };
    let (header, body) = texts.split_at(texts.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1));
    let status = STATUSES[usize::from(form & 15)];
    let failure = usize::from(transport & 15).checked_sub(1).and_then(|i| TRANSPORT_ERRORS.get(i).copied());
    let length = (form & 16 != 0).then_some(body.len());
    let arrival = Arrival { status, header: header.trim_ascii(), length, share: u64::from(transport >> 4), failure };

    let mut rest = body;
    let pieces = sizes.iter().cycle().map_while(|size| rest.split_off(..rest.len().min(1 + usize::from(*size))));
    let in_pieces = receive(arrival, pieces.take_while(|piece| !piece.is_empty()));
    let whole = receive(arrival, std::iter::once(body));
    assert_eq!(format!("{whole:?}"), format!("{in_pieces:?}"));
    match (whole, in_pieces) {
        (Ok(whole), Ok(in_pieces)) => {
            assert!((200..300).contains(&status) && body.len() <= REPLY_LIMIT);
            // Without a length, a whole JSON object marks its end by itself, whatever the connection does after it.
            assert!(failure.is_none() || length.is_none() && failure != Some(TransportErrorKind::Cancelled));
            assert_eq!(pictures(&whole), pictures(&in_pieces));
            check_pictures(&whole, body);
        }
        (Err(whole), Err(in_pieces)) => {
            assert_eq!(whole.retry_after(), in_pieces.retry_after());
            check_texts(&whole);
            // Where no escape can spell it, the start of the key can only come from a key that was cut.
            let texts = String::from_utf8_lossy(texts);
            if !texts.contains('\\') && !texts.replace(KEY, " ").contains(KEY_START) {
                assert!(!whole.to_string().contains(KEY_START), "a part of the key: {whole}");
            }
        }
        _ => unreachable!("the printed results were equal"),
    }
});

fn pictures(outcome: &Outcome) -> Vec<&[u8]> {
    let bytes = |output| if let &Output::Picture { ref bytes, .. } = output { Some(&bytes[..]) } else { None };
    outcome.outputs.iter().filter_map(bytes).collect()
}

/// The outcome has a picture or a link. Every picture is whole and equals one of the texts decoded by a simple decoder.
fn check_pictures(outcome: &Outcome, body: &[u8]) {
    assert!(!outcome.outputs.is_empty());
    assert!(
        pictures(outcome).into_iter().all(|bytes| PictureInfo::read(bytes).is_some_and(|info| info.is_whole(bytes)))
    );
    let Ok(reply) = Reply::from_slice(body) else {
        // The scanner drops a picture text without a check of its JSON when the same key comes again.
        let text = String::from_utf8_lossy(body);
        let keys = text.matches("\"data\"").count() + text.matches("binary_data_base64").count();
        assert!(
            !outcome.warnings.is_empty() || keys > 2 || text.contains("\\u"),
            "a reply that is not quite JSON has a warning"
        );
        return;
    };
    let data = [reply.data.as_ref(), reply.result.as_ref().and_then(|result| result.data.as_ref())];
    let texts = data.into_iter().flatten().flat_map(|data| data.binary_data_base64.iter().chain(&data.image_urls));
    let decoder = GeneralPurpose::new(&base64::alphabet::STANDARD, PAD_INDIFFERENT);
    let decode = |text: &String| {
        let text: String = text.split_ascii_whitespace().collect();
        decoder.decode(text.rsplit(',').next()?.replace('-', "+").replace('_', "/")).ok()
    };
    let decoded: Vec<Vec<u8>> = texts.filter_map(decode).collect();
    assert!(pictures(outcome).into_iter().all(|bytes| decoded.iter().any(|decoded| decoded == bytes)));
}
