//! Every C and C++ example is built strictly and run.
