//! Plans of expansions: exact sizes, the fewest passes, and the errors of wishes that cannot be met.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod aspects;
mod brute_force;
mod options;
mod random;
mod service;
mod wishes;

use volcv_types::{ExpandPlan, InvalidInput, PlanOptions, Rect, Size, Wish, plan};

fn size(width: u32, height: u32) -> Size {
    Size { width, height }
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect { x, y, width, height }
}

/// A plan with the default options.
fn planned(source: Size, wish: Wish) -> ExpandPlan {
    plan(source, &wish, &PlanOptions::new()).unwrap()
}

fn refused(result: Result<ExpandPlan, InvalidInput>, field: &str, value: &str, allowed: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.field(), error.value()), (field, value), "{error}");
    assert!(error.allowed().contains(allowed), "{error}");
}
