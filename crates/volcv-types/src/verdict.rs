//! What a reply says about the call, for every kind of body that the service and its gateways send.

use serde_json::Value;

use crate::code::{CodeClass, ServiceCode};
use crate::reply::{GatewayError, Reply, ReplyData, ResponseMetadata};

/// The deepest nesting of wrapped replies that is read; real replies nest once.
const MAX_NESTING: usize = 4;

/// What one reply says: success or failure, and the facts for the error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// The code that decides: the innermost one where replies are wrapped.
    pub code: Option<ServiceCode>,
    /// The text for people that belongs to the code.
    pub message: Option<String>,
    /// The id that the service's support asks for.
    pub request_id: Option<String>,
    /// Whether the body says that the call failed, with or without a code.
    pub failed: bool,
    /// Whether an aggregator gateway reported the failure in its own `error` object.
    pub from_gateway: bool,
}

impl Reply {
    /// Reads the reply as one of the bodies that the service and its gateways are known to send.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.read(self, MAX_NESTING);
        verdict
    }

    /// Whether the reply or the envelope in it has `code` 10000, and no `data` in it has an inner status other than 0.
    /// A picture in such a reply is paid for, whatever else the reply says.
    pub fn says_success(&self) -> bool {
        let envelopes = || std::iter::successors(Some(self), |reply| reply.result.as_deref()).take(MAX_NESTING);
        let is_success = |code: &ServiceCode| code.class() == Some(CodeClass::Success);
        let statuses = envelopes().filter_map(|reply| reply.data.as_ref()?.algorithm_status);
        envelopes().any(|reply| reply.code.as_ref().is_some_and(is_success)) && statuses.into_iter().all(|s| s == 0)
    }
}

impl Verdict {
    /// Whether the body says `code` 10000, and nothing in it says otherwise. The HTTP status is not known here.
    pub fn is_success(&self) -> bool {
        !self.failed && self.class() == Some(CodeClass::Success)
    }

    /// The class of the code, if it is known.
    pub fn class(&self) -> Option<CodeClass> {
        self.code.as_ref()?.class()
    }

    fn read(&mut self, reply: &Reply, nesting: usize) {
        self.request_id = self.request_id.take().or_else(|| non_empty(&reply.request_id));
        if let Some(code) = &reply.code {
            self.note(code.clone(), &reply.message);
        } else if self.message.is_none() {
            self.message = non_empty(&reply.message);
        }
        if reply.success == Some(false) {
            self.failed = true;
        }
        if let Some(metadata) = &reply.response_metadata {
            self.read_metadata(metadata);
        }
        if let Some(data) = &reply.data {
            self.read_data(data);
        }
        if let Some(error) = &reply.error {
            self.read_gateway_error(error);
        }
        let Some(nesting) = nesting.checked_sub(1) else { return };
        if let Some(result) = &reply.result {
            self.read(result, nesting);
        }
        if let Some(upstream) = &reply.upstream {
            self.read_upstream(upstream, nesting);
        }
    }

    /// Records a code. A later, inner code replaces an outer one, unless the inner one says success.
    fn note(&mut self, code: ServiceCode, message: &Option<String>) {
        let success = code.class() == Some(CodeClass::Success);
        if success && self.code.is_some() {
            return;
        }
        self.failed |= !success;
        self.code = Some(code);
        self.message = non_empty(message).or(self.message.take());
    }

    /// `Code` is a name with its number in `CodeN`, or a CV number as a text.
    fn read_metadata(&mut self, metadata: &ResponseMetadata) {
        self.request_id = self.request_id.take().or_else(|| non_empty(&metadata.request_id));
        let Some(error) = &metadata.error else { return };
        let (code, number) = (non_zero(&error.code), non_zero(&error.number));
        let code = match code {
            Some(ServiceCode::Name(_)) => number.or(code),
            code => code.or(number),
        };
        self.note_error(code, &error.message);
    }

    /// Reads an error field. Some gateways send an empty error field with every success.
    fn note_error(&mut self, code: Option<ServiceCode>, message: &Option<String>) {
        match (code, non_empty(message)) {
            (Some(code), _) => {
                self.failed = true;
                self.note(code, message);
            }
            (None, Some(message)) => {
                self.failed = true;
                self.message = Some(message);
            }
            (None, None) => {}
        }
    }

    fn read_data(&mut self, data: &ReplyData) {
        self.request_id = self.request_id.take().or_else(|| non_empty(&data.request_id));
        if let Some(status) = data.algorithm_status.filter(|status| *status != 0) {
            self.note(ServiceCode::Number(status), &data.algorithm_message);
            self.failed = true;
        }
    }

    /// The request id is part of the text: `... (request id: 2024...)`. A type replaces a missing code only if
    /// it is a known one: `one_api_error` names the gateway, not the failure.
    fn read_gateway_error(&mut self, error: &GatewayError) {
        let kind = error.kind.clone().map(ServiceCode::Name).filter(|kind| kind.class().is_some());
        let code = non_zero(&error.code).or(kind);
        if code.is_none() && non_empty(&error.message).is_none() {
            return;
        }
        self.from_gateway = true;
        self.note_error(code, &error.message);
        let in_text = error.message.as_deref().and_then(|text| {
            let (_, rest) = text.split_once("request id: ")?;
            rest.split([')', ' ', ',']).next().map(str::to_owned)
        });
        self.request_id = self.request_id.take().or(in_text.filter(|id| !id.is_empty()));
    }

    /// Reads the reply of an aggregator's upstream. Aggregators add it to a failure only.
    fn read_upstream(&mut self, upstream: &Value, nesting: usize) {
        let reply = match upstream {
            Value::Object(map) if !map.is_empty() => Some(Reply::from(map.clone())),
            Value::String(text) => {
                let parsed = Reply::from_slice(text.as_bytes()).ok();
                if parsed.is_none() {
                    self.note_error(None, &Some(text.clone()));
                }
                parsed
            }
            _ => None,
        };
        if let Some(reply) = reply {
            self.failed = true;
            // The support of the upstream knows only the upstream's own request id.
            let outer = self.request_id.take();
            self.read(&reply, nesting);
            self.request_id = self.request_id.take().or(outer);
        }
    }
}

fn non_zero(code: &Option<ServiceCode>) -> Option<ServiceCode> {
    code.clone().filter(|code| *code != ServiceCode::Number(0))
}

fn non_empty(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(json: &str) -> Reply {
        Reply::from_slice(json.as_bytes()).expect("the test's text is a JSON object")
    }

    fn verdict(json: &str) -> Verdict {
        reply(json).verdict()
    }

    #[track_caller]
    fn failure(json: &str, code: Option<ServiceCode>, message: &str, request_id: &str) {
        let verdict = verdict(json);
        assert!(verdict.failed && !verdict.is_success(), "{verdict:?}");
        assert_eq!(verdict.code, code);
        assert_eq!(verdict.message.as_deref().unwrap_or(""), message);
        assert_eq!(verdict.request_id.as_deref().unwrap_or(""), request_id);
    }

    #[test]
    fn a_success_needs_the_code_and_the_inner_status() {
        assert!(verdict(r#"{"code":10000,"data":{"algorithm_base_resp":{"status_code":0}}}"#).is_success());
        assert!(verdict(r#"{"code":"10000","data":{}}"#).is_success());
        assert!(verdict(r#"{"ResponseMetadata":{"RequestId":"r"},"Result":{"code":10000,"data":{}}}"#).is_success());
        assert!(!verdict(r#"{"data":{}}"#).is_success());
        failure(
            r#"{"code":10000,"message":"Success","data":{"algorithm_base_resp":{"status_code":201304,
                "status_message":"AI ghost face"},"request_id":"inner"}}"#,
            Some(201304.into()),
            "AI ghost face",
            "inner",
        );
    }

    #[test]
    fn an_empty_error_field_does_not_count() {
        let picture = r#""code":10000,"data":{"binary_data_base64":["AA=="]}"#;
        for nothing in [
            r#""error":{}"#,
            r#""error":null"#,
            r#""error":"""#,
            r#""error":" ""#,
            r#""error":[]"#,
            r#""error":{"message":"","type":"","param":"","code":null}"#,
            r#""error":{"message":null,"type":"new_api_error","code":""}"#,
            r#""error":{"code":0}"#,
            r#""error":{"code":"0","message":""}"#,
            r#""ResponseMetadata":{"RequestId":"r","Error":{"Code":"","CodeN":0,"Message":""}}"#,
            r#""ResponseMetadata":{"Error":{}},"error":"""#,
            r#""upsream_message":"""#,
            r#""upsream_message":null,"upstream_message":{}"#,
        ] {
            let verdict = verdict(&format!("{{{nothing},{picture}}}"));
            assert!(verdict.is_success() && verdict.message.is_none(), "{nothing}: {verdict:?}");
        }
        for something in [
            r#""error":"no""#,
            r#""error":{"message":"no"}"#,
            r#""error":{"code":7}"#,
            r#""error":{"code":"no"}"#,
            r#""error":{"type":"insufficient_user_quota"}"#,
            r#""ResponseMetadata":{"Error":{"CodeN":100010}}"#,
            r#""ResponseMetadata":{"Error":{"Code":"AccessDenied","CodeN":0}}"#,
            r#""upsream_message":"request timeout""#,
            r#""upstream_message":{"code":50412}"#,
            r#""success":false"#,
        ] {
            let json = format!("{{{something},{picture}}}");
            assert!(verdict(&json).failed && reply(&json).says_success(), "{something}");
        }
    }

    #[test]
    fn a_success_is_said_by_the_code_of_any_envelope_and_unsaid_by_an_inner_status() {
        let bad = r#"{"algorithm_base_resp":{"status_code":201304}}"#;
        for (json, expected) in [
            (r#"{"code":10000}"#.to_owned(), true),
            (r#"{"code":50411,"Result":{"code":10000,"data":{}}}"#.to_owned(), true),
            (r#"{"code":10000,"Result":{"code":50411}}"#.to_owned(), true),
            (r#"{"data":{}}"#.to_owned(), false),
            (r#"{"code":50411}"#.to_owned(), false),
            (format!(r#"{{"code":10000,"data":{bad}}}"#), false),
            (format!(r#"{{"code":10000,"Result":{{"code":10000,"data":{bad}}}}}"#), false),
        ] {
            assert_eq!(reply(&json).says_success(), expected, "{json}");
        }
    }

    #[test]
    fn a_request_id_may_be_a_number() {
        assert_eq!(verdict(r#"{"code":10000,"request_id":9007199254740993}"#).request_id.unwrap(), "9007199254740993");
    }

    #[test]
    fn each_error_body_gives_its_code_message_and_request_id() {
        failure(
            r#"{"code":50412,"data":null,"message":"Text Risk Not Pass","request_id":"r1","status":50412}"#,
            Some(50412.into()),
            "Text Risk Not Pass",
            "r1",
        );
        failure(
            r#"{"ResponseMetadata":{"RequestId":"r2","Error":{"Code":"SignatureDoesNotMatch","CodeN":100010,
                "Message":"no match"}}}"#,
            Some(100010.into()),
            "no match",
            "r2",
        );
        failure(
            r#"{"ResponseMetadata":{"RequestId":"r3","Error":{"Code":"50215","CodeN":50000,"Message":"bad"}}}"#,
            Some(50215.into()),
            "bad",
            "r3",
        );
        failure(
            r#"{"ResponseMetadata":{"RequestId":"r4"},"Result":{"code":50411,"message":"Risk","data":null}}"#,
            Some(50411.into()),
            "Risk",
            "r4",
        );
        failure(
            r#"{"error":{"message":"no key (request id: 20240601abc)","type":"new_api_error","code":null}}"#,
            None,
            "no key (request id: 20240601abc)",
            "20240601abc",
        );
        failure(
            r#"{"error":{"message":"poor","type":"x","code":"insufficient_user_quota"}}"#,
            Some(ServiceCode::Name("insufficient_user_quota".into())),
            "poor",
            "",
        );
        failure(r#"{"error":"Unauthorized"}"#, None, "Unauthorized", "");
        failure(r#"{"success":false,"message":"not logged in"}"#, None, "not logged in", "");
    }

    #[test]
    fn an_upstream_error_is_unwrapped_from_text_and_object() {
        let upstream_error = Some(ServiceCode::Name("upstream_error".into()));
        failure(
            r#"{"code":"upstream_error","message":"","request_id":"outer","data":null,
                "upsream_message":"{\"code\":50412,\"message\":\"Text Risk\",\"request_id\":\"inner\"}"}"#,
            Some(50412.into()),
            "Text Risk",
            "inner",
        );
        failure(
            r#"{"code":"upstream_error","message":"","upsream_message":{"code":50429,"message":"slow"}}"#,
            Some(50429.into()),
            "slow",
            "",
        );
        failure(
            r#"{"code":"upstream_error","message":"","upsream_message":"request timeout"}"#,
            upstream_error.clone(),
            "request timeout",
            "",
        );
        failure(r#"{"code":"upstream_error","message":"m","upsream_message":""}"#, upstream_error.clone(), "m", "");
        failure(r#"{"code":"upstream_error","upsream_message":{"code":10000}}"#, upstream_error, "", "");
    }

    #[test]
    fn wrappers_in_wrappers_come_to_an_end() {
        let mut text = r#"{"code":50412}"#.to_owned();
        for _ in 0..12 {
            text = serde_json::json!({"code": "upstream_error", "upsream_message": text}).to_string();
        }
        assert!(verdict(&text).failed);
    }
}
