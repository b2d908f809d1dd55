//! volcv-emulator
