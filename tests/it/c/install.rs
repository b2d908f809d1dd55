//! The library as a packager installs it and as programs outside of the tree find it.
