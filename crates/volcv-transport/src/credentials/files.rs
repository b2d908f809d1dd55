//! Credentials of the environment and of the files of the official SDKs. This file only reads.

use std::env;
use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use volcv_core::types::Value;
use volcv_core::{Credentials, Error};
use zeroize::Zeroizing;

pub(super) const NO_ENV: &str = "VOLC_ACCESSKEY and VOLC_SECRETKEY are not both set";
pub(super) const NO_FILES: &str = "there is neither ~/.volc/credentials nor ~/.volc/config";

/// The credentials of the environment; `None` if one of the two keys is not set.
pub(super) fn from_env() -> Result<Option<Credentials>, Error> {
    let (access_key, secret_key) = (variable("VOLC_ACCESSKEY")?, variable("VOLC_SECRETKEY")?);
    let (Some(access_key), Some(secret_key)) = (access_key, secret_key) else { return Ok(None) };
    pair("the environment", access_key, secret_key, variable("VOLC_SESSION_TOKEN")?).map(Some)
}

/// An empty variable counts as not set.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Error::config(format!("{name} is not a text"))),
    }
}

pub(super) fn home() -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    env::var_os(name).filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// The credentials of the files below this home directory; `None` if there is neither file.
pub(super) fn from_files(home: Option<&Path>) -> Result<Option<Credentials>, Error> {
    let Some(folder) = home.map(|home| home.join(".volc")) else { return Ok(None) };
    let (ini, json) = (folder.join("credentials"), folder.join("config"));
    if let Some(text) = read(&ini)? {
        return of_ini(&text).map_err(|why| unusable(&ini, &why)).map(Some);
    }
    match read(&json)? {
        Some(text) => of_json(&text).map_err(|why| unusable(&json, &why)).map(Some),
        None => Ok(None),
    }
}

fn read(file: &Path) -> Result<Option<Zeroizing<String>>, Error> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unusable(file, &error)),
    }
}

fn unusable(file: &Path, why: &dyn Display) -> Error {
    Error::config(format!("{}: {why}", file.display()))
}

/// As Python's `configparser` reads it: `key = value` or `key: value`, keys in any case, comments in lines of their own.
fn of_ini(text: &str) -> Result<Credentials, Error> {
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().map(str::trim);
    let mut section = lines.skip_while(|line| *line != "[default]").skip(1).take_while(|line| !line.starts_with('['));
    let (mut access_key, mut secret_key, mut token) = (None, None, None);
    for line in section.by_ref().filter(|line| !line.starts_with(['#', ';'])) {
        let Some((key, value)) = line.split_once(['=', ':']) else { continue };
        let slot = match key.trim().to_ascii_lowercase().as_str() {
            "access_key_id" => &mut access_key,
            "secret_access_key" => &mut secret_key,
            "session_token" => &mut token,
            _ => continue,
        };
        *slot = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    }
    let missing = |key: &str| Error::config(format!("the section [default] has no {key}"));
    let access_key = access_key.ok_or_else(|| missing("access_key_id"))?;
    pair("the file", access_key, secret_key.ok_or_else(|| missing("secret_access_key"))?, token)
}

fn of_json(text: &str) -> Result<Credentials, Error> {
    let not_json = |why: &dyn Display| Error::config(format!("it is not a JSON object ({why})"));
    let json: Value = text.parse().map_err(|error| not_json(&error))?;
    let Value::Object(mut fields) = json else { return Err(not_json(&"it is another value")) };
    // The texts are moved, so that no copy of a secret stays in memory.
    let mut field = |key: &str| match fields.remove(key) {
        Some(Value::String(value)) if !value.is_empty() => Some(value),
        _ => None,
    };
    let missing = |key: &str| Error::config(format!("it has no text \"{key}\""));
    let access_key = field("ak").ok_or_else(|| missing("ak"))?;
    let secret_key = field("sk").ok_or_else(|| missing("sk"))?;
    pair("the file", access_key, secret_key, field("session_token"))
}

fn pair(place: &str, access_key: String, secret_key: String, token: Option<String>) -> Result<Credentials, Error> {
    let in_place = |error: Error| Error::config(format!("in {place}, {}", error.message()));
    let pair = Credentials::new(access_key, secret_key).map_err(in_place)?;
    match token {
        Some(token) => pair.session_token(token).map_err(in_place),
        None => Ok(pair),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ini(text: &str) -> Result<(), String> {
        of_ini(text).map(drop).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn an_ini_file_is_read_as_python_reads_it() {
        for text in [
            "[default]\naccess_key_id = AK\nsecret_access_key = SK==\n",
            "\u{feff}# mine\n[other]\naccess_key_id=x\n[default]\r\n; old\r\nAccess_Key_Id: AK\r\nsecret_access_key:SK\r\n\r\n",
            "[default]\naccess_key_id=AK\nsecret_access_key=SK\nsession_token = T\nregion = x\n[next]\naccess_key_id =\n",
        ] {
            ini(text).unwrap();
        }
        for (text, why) in [
            ("", "the section [default] has no access_key_id"),
            (
                "[default]\naccess_key_id=AK\n[b]\nsecret_access_key=SK",
                "the section [default] has no secret_access_key",
            ),
            ("[default]\naccess_key_id=\nsecret_access_key=SK", "the section [default] has no access_key_id"),
            (
                "[default]\naccess_key_id=AK\nsecret_access_key=S K",
                "in the file, the secret key has a character at position 1 of 3 that is not printable ASCII",
            ),
        ] {
            assert_eq!(ini(text).unwrap_err(), why);
        }
    }

    #[test]
    fn a_json_file_is_read_as_the_sdks_read_it() {
        let json = |text: &str| of_json(text).map(drop).map_err(|error| error.message().to_owned());
        json(r#"{"ak":"AK","sk":"SK","other":1}"#).unwrap();
        assert_eq!(json(r#"{"ak":"AK"}"#).unwrap_err(), "it has no text \"sk\"");
        assert_eq!(json(r#"{"ak":1,"sk":"SK"}"#).unwrap_err(), "it has no text \"ak\"");
        assert!(
            json("canary").unwrap_err().starts_with("it is not a JSON object (")
                && !json("canary").unwrap_err().contains("canary")
        );
        assert_eq!(json("[]").unwrap_err(), "it is not a JSON object (it is another value)");
    }

    #[test]
    fn the_ini_file_wins_over_the_json_file_and_missing_files_are_none() {
        let home = env::temp_dir().join(format!("volcv-credentials-{}", std::process::id()));
        let folder = home.join(".volc");
        assert!(from_files(Some(&home)).unwrap().is_none());
        assert!(from_files(None).unwrap().is_none());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config"), r#"{"ak":"AK","sk":"SK"}"#).unwrap();
        assert!(from_files(Some(&home)).unwrap().is_some());
        fs::write(folder.join("credentials"), "[other]").unwrap();
        let error = from_files(Some(&home)).unwrap_err();
        assert!(error.message().ends_with("credentials: the section [default] has no access_key_id"), "{error}");
        fs::remove_dir_all(&home).unwrap();
    }
}
