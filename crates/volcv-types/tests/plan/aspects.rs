//! The size of an aspect wish, against all sizes that come into question.

use volcv_types::{Anchor, PlanOptions, Size, Wish, plan};

use crate::random::Random;
use crate::{planned, refused, size};

#[test]
fn an_aspect_plan_has_the_smallest_size_that_misses_the_aspect_by_the_least() {
    let mut random = Random(11);
    let options = PlanOptions::new().max_passes(20);
    let mut planned = 0;
    for round in 0..20_000 {
        let (longest, terms) = if round % 20 == 0 { (2000, 100) } else { (40, 20) };
        let source = random.size(longest);
        let (a, b) = (random.within(1, terms), random.within(1, terms));
        let nearest = nearest(source, a.into(), b.into());
        match plan(source, &Wish::aspect(a.into(), b.into()), &options) {
            Ok(plan) => {
                assert_eq!(plan.result, nearest, "{source} to {a}:{b}");
                planned += 1;
            }
            Err(error) if error.field() == "aspect" => assert_eq!(source, nearest, "{source} to {a}:{b}"),
            Err(error) => assert!(error.field() == "result" && nearest.width.max(nearest.height) > 16_384, "{error}"),
        }
    }
    assert!(planned > 15_000, "{planned}");
}

/// Tries every width at the picture's height and every height at its width, from the smallest on.
fn nearest(source: Size, a: u64, b: u64) -> Size {
    let missed = |size: Size| (u64::from(size.width) * b).abs_diff(u64::from(size.height) * a);
    let widest = (u64::from(source.height) * a / b + 2).max(u64::from(source.width)) as u32;
    let tallest = (u64::from(source.width) * b / a + 2).max(u64::from(source.height)) as u32;
    let wider = (source.width..=widest).map(|width| Size { width, ..source });
    let taller = (source.height..=tallest).map(|height| Size { height, ..source });
    wider.chain(taller).min_by_key(|size| (missed(*size), size.width, size.height)).unwrap()
}

#[test]
fn common_aspects_of_common_photos() {
    let result = |width, height, a, b| planned(size(width, height), Wish::aspect(a, b)).result;
    assert_eq!(result(960, 640, 16.0, 9.0), size(1138, 640));
    assert_eq!(result(960, 640, 1.0, 1.0), size(960, 960));
    assert_eq!(result(960, 640, 4.0, 5.0), size(960, 1200));
    assert_eq!(result(1000, 1000, 1.5, 1.0), size(1500, 1000));
    assert_eq!(result(1000, 1000, 0.1, 0.2), size(1000, 2000));
}

#[test]
fn an_aspect_grows_where_the_anchor_leaves_room() {
    let at = |anchor| {
        let growth = planned(size(960, 640), Wish::aspect(16.0, 9.0).anchor(anchor)).growth();
        (growth.left, growth.right, growth.top, growth.bottom)
    };
    assert_eq!(at(Anchor::CENTER), (89, 89, 0, 0));
    assert_eq!(at(Anchor::LEFT), (0, 178, 0, 0));
    assert_eq!(at(Anchor::BOTTOM_RIGHT), (178, 0, 0, 0));
    assert_eq!(at(Anchor { x: 0.25, y: 0.5 }), (45, 133, 0, 0));
}

#[test]
fn aspects_that_cannot_be_met_are_refused() {
    let plan = |a, b| plan(size(160, 90), &Wish::aspect(a, b), &PlanOptions::new());
    refused(plan(16.0, 9.0), "aspect", "16:9", "other than the picture's own, 160x90");
    refused(plan(0.0, 9.0), "aspect", "0:9", "two positive numbers");
    refused(plan(f64::NAN, 9.0), "aspect", "NaN:9", "two positive numbers");
    refused(plan(1000.0, 1.0), "result", "90000x90", "16384");
    refused(plan(f64::MIN_POSITIVE, f64::MAX), "result", "160x18446744073709551615", "16384");
    refused(plan(7.0, 1.0), "max_passes", "1", "at least 2");
}
