//! `volcv.h` and `volcv.hpp` compile everywhere, and say the same as the library.
