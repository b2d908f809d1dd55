//! This library is empty: the programs are the `[[example]]`s beside this file. Each reads the gateway's base URL from
//! `VOLCV_BASE_URL` and the key from `VOLCV_API_KEY`. `volcv emulator` prints values for both that cost nothing.
