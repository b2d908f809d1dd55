//! What a reply says about the call, whichever of the service's bodies it came in.

use serde_json::Value;

use crate::code::{CodeClass, ServiceCode};
use crate::reply::{GatewayError, Reply, ReplyData, ResponseMetadata};

/// Wrappers inside wrappers are followed this far; real replies nest once.
const MAX_NESTING: usize = 4;

/// The findings of one reply: success or failure, and the facts for the error report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// The code that decides: the innermost one where replies are wrapped.
    pub code: Option<ServiceCode>,
    /// The text for people that belongs to the code.
    pub message: Option<String>,
    /// The number to give to the service's support.
    pub request_id: Option<String>,
    /// The body says that the call failed, with or without a code.
    pub failed: bool,
    /// The failure was reported by an aggregator gateway's own `error` object.
    pub from_gateway: bool,
}

impl Reply {
    /// Reads the reply as one of the bodies that the service and its gateways are known to send.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.read(self, MAX_NESTING);
        verdict
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
            self.failed = true;
            self.read_upstream(upstream, nesting);
        }
    }

    /// A later, inner code replaces an outer one, unless it only says that all is well.
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
        self.failed = true;
        let number = error.number.clone().filter(|number| *number != ServiceCode::Number(0));
        match (&error.code, number) {
            (Some(code @ ServiceCode::Number(_)), _) => self.note(code.clone(), &error.message),
            (_, Some(number)) => self.note(number, &error.message),
            (Some(name), None) => self.note(name.clone(), &error.message),
            (None, None) => self.message = non_empty(&error.message).or(self.message.take()),
        }
    }

    fn read_data(&mut self, data: &ReplyData) {
        self.request_id = self.request_id.take().or_else(|| non_empty(&data.request_id));
        if let Some(status) = data.algorithm_status.filter(|status| *status != 0) {
            self.note(ServiceCode::Number(status), &data.algorithm_message);
            self.failed = true;
        }
    }

    /// The request id hides in the text: `... (request id: 2024...)`. A type stands in for a missing code only if
    /// it is a known one: `one_api_error` says who speaks, not what happened.
    fn read_gateway_error(&mut self, error: &GatewayError) {
        self.failed = true;
        self.from_gateway = true;
        let kind = error.kind.clone().map(ServiceCode::Name).filter(|kind| kind.class().is_some());
        match error.code.clone().or(kind) {
            Some(code) => self.note(code, &error.message),
            None => self.message = non_empty(&error.message).or(self.message.take()),
        }
        let in_text = error.message.as_deref().and_then(|text| {
            let (_, rest) = text.split_once("request id: ")?;
            rest.split([')', ' ', ',']).next().map(str::to_owned)
        });
        self.request_id = self.request_id.take().or(in_text.filter(|id| !id.is_empty()));
    }

    fn read_upstream(&mut self, upstream: &Value, nesting: usize) {
        let reply = match upstream {
            Value::Object(map) => Some(Reply::from(map.clone())),
            Value::String(text) => {
                let parsed = Reply::from_slice(text.as_bytes()).ok();
                if parsed.is_none() && !text.trim().is_empty() {
                    self.message = Some(text.clone());
                }
                parsed
            }
            _ => None,
        };
        if let Some(reply) = reply {
            // The upstream's own request id is the one its support can find.
            let outer = self.request_id.take();
            self.read(&reply, nesting);
            self.request_id = self.request_id.take().or(outer);
        }
    }
}

fn non_empty(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(json: &str) -> Verdict {
        Reply::from_slice(json.as_bytes()).expect("the test's text is a JSON object").verdict()
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
