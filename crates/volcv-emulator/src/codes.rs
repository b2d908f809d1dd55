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

/// An error of the outer gateway ("TOP").
#[derive(Debug, Clone, Copy)]
pub(crate) struct Top {
    /// Its CodeN, where a page of the service prints one.
    pub(crate) number: Option<u32>,
    /// Its Code.
    pub(crate) name: &'static str,
    pub(crate) status: u16,
}

pub(crate) const MISSING_PARAMETER: Top = Top::new(100_002, "MissingParameter", 400);
pub(crate) const MISSING_AUTHENTICATION_TOKEN: Top = Top::new(100_003, "MissingAuthenticationToken", 401);
pub(crate) const MISSING_REQUEST_INFO: Top = Top::new(100_004, "MissingRequestInfo", 400);
pub(crate) const MISSING_SIGNATURE: Top = Top::new(100_005, "MissingSignature", 401);
pub(crate) const INVALID_TIMESTAMP: Top = Top::new(100_006, "InvalidTimestamp", 400);
pub(crate) const INVALID_ACTION_OR_VERSION: Top = Top::new(100_008, "InvalidActionOrVersion", 404);
pub(crate) const INVALID_ACCESS_KEY: Top = Top::new(100_009, "InvalidAccessKey", 401);
pub(crate) const SIGNATURE_DOES_NOT_MATCH: Top = Top::new(100_010, "SignatureDoesNotMatch", 401);
pub(crate) const INTERNAL_ERROR: Top = Top::new(100_014, "InternalError", 500);
pub(crate) const INVALID_AUTHORIZATION: Top = Top { number: None, name: "InvalidAuthorization", status: 400 };
pub(crate) const INVALID_CREDENTIAL: Top = Top { number: None, name: "InvalidCredential", status: 400 };
pub(crate) const INVALID_SECRET_TOKEN: Top = Top { number: None, name: "InvalidSecretToken", status: 401 };

impl Top {
    const fn new(number: u32, name: &'static str, status: u16) -> Self {
        Self { number: Some(number), name, status }
    }
}

/// The error of the outer gateway with this CodeN.
pub(crate) fn top(code: u32) -> Option<Top> {
    Some(match code {
        100_002 => MISSING_PARAMETER,
        100_003 => MISSING_AUTHENTICATION_TOKEN,
        100_004 => MISSING_REQUEST_INFO,
        100_005 => MISSING_SIGNATURE,
        100_006 => INVALID_TIMESTAMP,
        100_007 => Top::new(100_007, "ServiceNotFound", 404),
        100_008 => INVALID_ACTION_OR_VERSION,
        100_009 => INVALID_ACCESS_KEY,
        100_010 => SIGNATURE_DOES_NOT_MATCH,
        100_012 => Top::new(100_012, "LackPolicy", 403),
        100_013 => Top::new(100_013, "AccessDenied", 403),
        100_014 => INTERNAL_ERROR,
        100_015 => Top::new(100_015, "FailToConnect", 502),
        100_016 => Top::new(100_016, "InternalServiceTimeout", 504),
        _ => return None,
    })
}
