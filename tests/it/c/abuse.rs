//! Misuse of the C library: wrong pointers, numbers and ids are error codes, under valgrind and sanitizers too.
