//! Jobs of the C library: one end for each, whatever happens to it.
