//! A transport without a network: replies from a script, in virtual time. Exempt from semver.
