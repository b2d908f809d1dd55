//! The code tables of the service and of the gateway in front of it.

/// The message of a service code; `None` for a code that is not known.
pub(crate) fn message(code: u32) -> Option<&'static str> {
    Some(match code {
        10000 => "Success",
        50200 => "Parameter Invalid",
        50204 => "Parse Request Parameters Error",
        50215 => "Input invalid for this service",
        50218 => "Resource exists risk",
        50400 => "Access Denied",
        50411 => "Pre Img Risk Not Pass",
        50412 => "Text Risk Not Pass",
        50413 | 50512 => "Post Text Risk Not Pass",
        50429 => "Request Has Reached API Limit, Please Try Later",
        50430 => "Request Has Reached API Concurrent Limit, Please Try Later",
        50500 => "Internal Error",
        50501 => "Internal RPC Error",
        50511 => "Post Img Risk Not Pass",
        50513 => "Pre Video Risk Not Pass",
        50514 => "Pre Audio Risk Not Pass",
        50516 => "Post Video Risk Not Pass",
        50517 => "Post Audio Risk Not Pass",
        50518 => "Pre Img Copyright Not Pass",
        50519 => "Post Img Copyright Not Pass",
        50520 => "Risk Internal Error",
        50521 => "Antidirt Internal Error",
        50522 => "Image Copyright Internal Error",
        201_304 => "AI ghost face",
        _ => return None,
    })
}

/// The HTTP status that comes with a service code.
pub(crate) fn status(code: u32) -> u16 {
    match code {
        10000 => 200,
        50429 | 50430 => 429,
        50500 | 50501 => 500,
        _ => 400,
    }
}

/// Name and HTTP status of a code of the outer gateway ("TOP").
pub(crate) fn top(code: u32) -> Option<(&'static str, u16)> {
    Some(match code {
        100_002 => ("MissingParameter", 400),
        100_003 => ("MissingAuthenticationToken", 401),
        100_004 => ("MissingRequestInfo", 400),
        100_005 => ("MissingSignature", 401),
        100_006 => ("InvalidTimestamp", 400),
        100_007 => ("ServiceNotFound", 404),
        100_008 => ("InvalidActionOrVersion", 404),
        100_009 => ("InvalidAccessKey", 401),
        100_010 => ("SignatureDoesNotMatch", 401),
        100_012 => ("LackPolicy", 403),
        100_013 => ("AccessDenied", 403),
        100_014 => ("InternalError", 500),
        100_015 => ("FailToConnect", 502),
        100_016 => ("InternalServiceTimeout", 504),
        _ => return None,
    })
}
