//! Nothing is here: the programs are the `[[example]]`s beside this file. Each reads the gateway's base URL from
//! `VOLCV_BASE_URL` and the key from `VOLCV_API_KEY`; `volcv emulator` gives you both for free.
