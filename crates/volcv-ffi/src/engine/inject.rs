//! Panics on demand, so that tests can prove that none leaves the library. Outside of tests this is nothing.

/// Where a panic can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Layer {
    Call,
    Worker,
    Transport,
    Reply,
    Result,
    #[cfg_attr(not(feature = "image"), allow(dead_code, reason = "there are no pixels"))]
    Pixels,
    Credentials,
}

/// Asks for one panic, at the next passage of this layer.
#[cfg(test)]
pub(crate) fn panic_once(layer: Layer) {
    NEXT.store(layer as u32 + 1, std::sync::atomic::Ordering::SeqCst);
}

#[cfg(test)]
static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

/// Passes a layer.
#[allow(unused_variables)]
pub(crate) fn point<T>(layer: Layer, body: impl FnOnce() -> T) -> T {
    #[cfg(test)]
    {
        use std::sync::atomic::Ordering::SeqCst;
        if NEXT.compare_exchange(layer as u32 + 1, 0, SeqCst, SeqCst).is_ok() {
            panic!("injected into {layer:?}");
        }
    }
    body()
}
