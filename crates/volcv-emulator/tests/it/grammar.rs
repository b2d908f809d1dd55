//! Faults as text.

use volcv_emulator::{BodyKind, Fault};

#[test]
fn faults_survive_the_way_through_text() {
    let mut texts: Vec<String> = BodyKind::ALL.map(|kind| format!("body={}", kind.name())).to_vec();
    for text in [
        "ok",
        "code=50429,retry-after=2",
        "action=result,code=50429",
        "action=file,close=body",
        "status=503,retry-after-date=-5",
        "body=redirect,location=http://127.0.0.1:9/x?y=z",
        "code=50500,delay=200,trickle=10/20",
        "stall=accept",
        "code=50412,stall=headers,for=10",
        "stall=100",
        "stall=body,for=1",
        "stall=reply-head",
        "code=50500,stall=reply-body",
        "cut=10,oversize=100",
        "length=+3",
        "length=-3",
        "chunked",
        "close-delimited",
        "endless-headers",
        "close=accept",
        "delay=5,close=body",
        "close=12",
        "reset=headers",
        "status=413,early=close",
        "code=50429,early=keep",
        "garbage",
    ] {
        texts.push(text.to_owned());
    }
    for text in texts {
        let fault: Fault = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(fault.to_string(), text);
        assert_eq!(fault.to_string().parse(), Ok(fault));
    }
    assert_eq!(" delay = 5 , code=50500 ".parse(), "code=50500,delay=5".parse::<Fault>());
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "`` is not a fault; allowed: ok, code=N"),
        ("cod=1", "`cod` is not a fault; allowed: ok, code=N"),
        ("code", "`code=`: expected a number"),
        ("code=x", "`code=x`: expected a number"),
        ("status=99", "`status` is a number from 200 to 599"),
        ("action=poll", "`action=poll`: expected call, submit, result, cancel or file"),
        ("action=call,close=accept", "`accept` takes a whole connection"),
        ("body=nothing", "`body=nothing`: expected cv, cv-empty-data"),
        ("stall=never", "`stall=never`: expected accept, headers, a number"),
        ("close=reply-head", "`close=reply-head`: expected accept, headers, a number of body bytes or body"),
        ("trickle=0/5", "`trickle=0/5`: expected BYTES/MILLISECONDS"),
        ("chunked=yes", "`chunked` takes no value"),
        ("code=1,code=2", "`code` appears twice"),
        ("ok,code=1", "`ok` stands alone"),
        ("for=5", "`for` says how long a `stall` lasts"),
        ("close=body,code=50500", "`close` and `code` exclude each other"),
        ("close=body,reset=body", "`close` and `reset` exclude each other"),
        ("chunked,close-delimited", "`chunked` and `close-delimited` exclude each other"),
        ("chunked,length=+1", "`length` and `chunked` exclude each other"),
        ("stall=body,code=50500", "`stall` and `code` exclude each other: a stall without `for`"),
        ("stall=accept,for=5,code=50500", "`accept` takes a whole connection"),
        ("garbage,status=200", "`garbage` and `status` exclude each other"),
        ("endless-headers,cut=1", "`endless-headers` and `cut` exclude each other"),
        ("location=/x", "`location` belongs to `body=redirect`"),
        ("early=keep", "`early` needs a `code`"),
        ("early=keep,body=escaped", "`early` answers before the picture is known"),
        ("early=maybe,code=50500", "`early=maybe`: expected keep or close"),
        ("body=html,code=50500", "`body=html` has no place for `code=50500`"),
        ("retry-after=2,retry-after-date=3", "`retry-after` and `retry-after-date` exclude each other"),
    ] {
        let error = text.parse::<Fault>().expect_err(text).to_string();
        assert!(error.starts_with(reason), "{text}: {error}");
    }
}
