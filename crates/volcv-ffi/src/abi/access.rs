//! Reads the way to the service from the options of a client. Every pointer comes from C, and the header says what it has
//! to be: that is what all of these functions rest on.
#![allow(unsafe_op_in_unsafe_fn, reason = "see above: another block around each line would say nothing more")]

use std::ffi::c_char;

use super::constants::*;
use super::credentials_structs::volcv_credentials_hook;
use super::read::{only, optional_secret, read};
use super::structs::volcv_client_options;
use crate::engine::{AccessChoice, CError, CredentialsHooks};

/// The one way to the service that is given.
pub(super) unsafe fn access_of(options: &volcv_client_options) -> Result<AccessChoice, CError> {
    let secret = |text, name: &str| optional_secret(text, &format!("volcv_client_options.{name}"));
    let needed =
        |text, name: &str| secret(text, name)?.ok_or_else(|| CError::null(&format!("volcv_client_options.{name}")));
    let way = way_of(options)?;
    let is_unwanted = |wanted: Way, text: *const c_char| way != wanted && !text.is_null();
    for (name, is_wrong, allowed) in [
        ("base_url", way == Way::Key && options.base_url.is_null(), "given beside api_key"),
        ("region", way == Way::Key && !options.region.is_null(), "NULL beside api_key"),
        ("secret_key", is_unwanted(Way::AccessKey, options.secret_key), "NULL without access_key"),
        ("session_token", is_unwanted(Way::AccessKey, options.session_token), "NULL without access_key"),
    ] {
        if is_wrong {
            let value = if name == "base_url" { "NULL" } else { "given" };
            return Err(CError::argument(&format!("volcv_client_options.{name}"), value, allowed));
        }
    }
    Ok(match way {
        Way::Key => AccessChoice::Key(needed(options.api_key, "api_key")?),
        Way::AccessKey => AccessChoice::AccessKey {
            access_key: needed(options.access_key, "access_key")?,
            secret_key: needed(options.secret_key, "secret_key")?,
            session_token: secret(options.session_token, "session_token")?,
        },
        Way::Hook => AccessChoice::Hook(credentials_of(options.credentials)?),
        Way::Find => AccessChoice::Find,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Key,
    AccessKey,
    Hook,
    Find,
}

fn way_of(options: &volcv_client_options) -> Result<Way, CError> {
    let finds = options.flags & VOLCV_CLIENT_FIND_CREDENTIALS != 0;
    let mut given = [
        (Way::Key, "api_key", !options.api_key.is_null()),
        (Way::AccessKey, "access_key", !options.access_key.is_null()),
        (Way::Hook, "credentials", !options.credentials.is_null()),
        (Way::Find, "VOLCV_CLIENT_FIND_CREDENTIALS", finds),
    ]
    .into_iter()
    .filter(|way| way.2);
    match (given.next(), given.next()) {
        (Some((way, ..)), None) => Ok(way),
        (Some((_, one, _)), Some((_, other, _))) => {
            let name = format!("volcv_client_options.{one}");
            Err(CError::argument(&name, format!("given beside {other}"), "one of the two"))
        }
        (None, _) => {
            let allowed = "given beside base_url, unless access_key, credentials or VOLCV_CLIENT_FIND_CREDENTIALS is";
            Err(CError::argument("volcv_client_options.api_key", "NULL", allowed))
        }
    }
}

unsafe fn credentials_of(hook: *const volcv_credentials_hook) -> Result<CredentialsHooks, CError> {
    let hook = read(hook, "credentials")?;
    only(0, hook.flags, "volcv_credentials_hook.flags")?;
    if !hook.reserved.is_null() {
        return Err(CError::argument("volcv_credentials_hook.reserved", "a pointer", "NULL"));
    }
    let get = hook.get.ok_or_else(|| CError::null("volcv_credentials_hook.get"))?;
    Ok(CredentialsHooks { user: hook.user, get, release: hook.release })
}
