//! Passes, scaled uploads, canvases, logos and warnings.

use proptest::prelude::*;
use volcv_types::{
    Ability, Anchor, Execution, ExpandPlan, InvalidInput, Keep, LogoPosition, Margins, PassMode, PlanOptions, Rect,
    Sides, Size, TooSmall, Wish, plan,
};

use crate::{planned, rect, refused, size};

const LEFT: Margins = Margins { left: 100, ..Margins::ZERO };

fn keep_of(plan: &ExpandPlan) -> Rect {
    let PassMode::Canvas(canvas) = plan.passes[0].mode else { panic!("no canvas: {plan:?}") };
    canvas.keep
}

fn widths(plan: &ExpandPlan) -> Vec<u32> {
    plan.passes.iter().map(|pass| pass.to.width).collect()
}

#[test]
fn nobody_pays_twice_without_having_asked_for_it() {
    let wish = Wish::target(size(1600, 100));
    let options = PlanOptions::new();
    let source = size(100, 100);
    refused(plan(source, &wish, &options), "max_passes", "1", "at least 3 to grow 100x100 to 1600x100");
    refused(plan(source, &wish, &options.max_passes(2)), "max_passes", "2", "at least 3");
    let plan = plan(source, &wish, &options.max_passes(9)).unwrap();
    assert_eq!((plan.calls(), plan.passes.len()), (3, 3));
    refused(plan_of(LEFT, options.max_passes(0)), "max_passes", "0", "at least 1");
}

fn plan_of(margins: Margins, options: PlanOptions) -> Result<ExpandPlan, InvalidInput> {
    plan(size(640, 480), &Wish::pixels(margins), &options)
}

#[test]
fn passes_grow_by_about_the_same_factor() {
    let options = PlanOptions::new().max_passes(9);
    let widths = |target, anchor| {
        widths(&plan(size(100, 100), &Wish::target(size(target, 100)).anchor(anchor), &options).unwrap())
    };
    assert_eq!(widths(900, Anchor::CENTER), [300, 900]);
    assert_eq!(widths(901, Anchor::CENTER), [208, 434, 901]);
    assert_eq!(widths(800, Anchor::LEFT), [200, 400, 800]);
    assert_eq!(widths(500, Anchor::LEFT), [171, 292, 500]);
}

#[test]
fn both_sides_grow_in_every_pass_if_that_takes_no_further_pass() {
    let options = PlanOptions::new().max_passes(9);
    let wish = |left, right| Wish::pixels(Margins { left, right, ..Margins::ZERO });
    let growths = |wish| -> Vec<(u32, u32)> {
        let plan = plan(size(100, 100), &wish, &options).unwrap();
        plan.passes.iter().map(|pass| (pass.growth().left, pass.growth().right)).collect()
    };
    assert_eq!(growths(wish(200, 100)), [(67, 34), (133, 66)]);
    // In proportion, (100, 25) and at most (225, 56) would follow each other.
    assert_eq!(growths(wish(400, 100)), [(100, 100), (300, 0)]);
}

#[test]
fn an_upload_above_the_limit_is_scaled_and_the_result_keeps_the_originals_size() {
    let wish = Wish::pixels(Margins { right: 2000, ..Margins::ZERO });
    let plan = plan(size(6000, 1000), &wish, &PlanOptions::new()).unwrap();
    assert_eq!((plan.original, plan.result), (size(6000, 1000), size(8000, 1000)));
    let pass = plan.passes[0];
    assert!(pass.is_scaled());
    assert_eq!((pass.upload, pass.expected), (size(3072, 512), size(4096, 512)));
    assert_eq!((pass.expected_at, pass.max_width, pass.max_height), (rect(0, 0, 3072, 512), 4096, 512));
    let larger = plan_with(wish, PlanOptions::new().max_side(8000));
    assert!(!larger.passes[0].is_scaled());
    assert_eq!(larger.passes[0].upload, size(6000, 1000));
}

fn plan_with(wish: Wish, options: PlanOptions) -> ExpandPlan {
    plan(size(6000, 1000), &wish, &options).unwrap()
}

#[test]
fn a_plan_that_keeps_the_results_resolution_scales_the_original() {
    let wish = Wish::pixels(Margins { right: 2000, ..Margins::ZERO });
    let plan = plan_with(wish, PlanOptions::new().keep(Keep::Result));
    assert_eq!((plan.crop, plan.original), (rect(0, 0, 6000, 1000), size(3072, 512)));
    assert_eq!((plan.result, plan.original_at), (size(4096, 512), rect(0, 0, 3072, 512)));
    assert!(!plan.passes[0].is_scaled() && plan.passes[0].expected == plan.result);
    let context = plan_with(wish, PlanOptions::new().keep(Keep::Result).context(96));
    assert_eq!((context.result, context.passes[0].expected.width), (size(4000, 500), 4096));
    assert!(!context.passes[0].is_scaled());
}

#[test]
fn an_overlap_moves_the_mask_into_the_original_on_growing_sides_only() {
    let plan = plan_of(LEFT, PlanOptions::new().overlap(8)).unwrap();
    assert_eq!((plan.passes[0].upload, plan.passes[0].expected), (size(740, 480), size(740, 480)));
    assert_eq!((plan.passes[0].expected_at, keep_of(&plan)), (rect(100, 0, 640, 480), rect(108, 0, 632, 480)));
    let all = plan_of(Margins::all(50), PlanOptions::new().overlap(8).soft(4)).unwrap();
    assert_eq!(keep_of(&all), rect(58, 58, 624, 464));
    assert_eq!(keep_of(&plan_of(Margins::all(50), PlanOptions::new().canvas(true)).unwrap()), rect(50, 50, 640, 480));
    let wide = |overlap| plan_of(Margins::all(50), PlanOptions::new().overlap(overlap));
    assert_eq!(keep_of(&wide(239).unwrap()).size(), size(162, 2));
    refused(wide(240), "overlap", "240", "less than half of the 480 pixels");
    refused(wide(u32::MAX), "overlap", "4294967295", "less than half of the 640 pixels");
    let soft = plan_of(LEFT, PlanOptions::new().overlap(300).soft(340));
    refused(soft, "overlap, soft", "640", "less than all of the 640 pixels");
}

#[test]
fn context_is_painted_on_the_other_side_and_cut_off() {
    let plan = plan_of(LEFT, PlanOptions::new().context(32)).unwrap();
    let pass = plan.passes[0];
    assert_eq!((plan.result, pass.to), (size(740, 480), size(740, 480)));
    assert_eq!((pass.upload, pass.expected), (size(772, 480), size(772, 480)));
    assert_eq!((pass.expected_at, pass.expected_part), (rect(100, 0, 640, 480), rect(0, 0, 740, 480)));
    assert_eq!(keep_of(&plan), rect(100, 0, 640, 480));
    let top = plan_of(Margins { bottom: 50, ..Margins::ZERO }, PlanOptions::new().context(32)).unwrap();
    assert_eq!((top.passes[0].expected_at.y, top.passes[0].expected_part), (32, rect(0, 32, 640, 530)));
    // Both sides of the axis grow: there is nothing to add, and no canvas is needed.
    let both = plan_of(Margins { left: 9, right: 9, ..Margins::ZERO }, PlanOptions::new().context(32)).unwrap();
    assert!(matches!(both.passes[0].mode, PassMode::Sides(_)));
    refused(plan_of(LEFT, PlanOptions::new().context(2049)), "context", "2049", "between 0 and 2048 pixels");
    refused(plan_of(LEFT, PlanOptions::new().max_side(127)), "max_side", "127", "between 128 and 16384 pixels");
}

#[test]
fn a_logo_needs_a_corner_that_grows() {
    use LogoPosition::{BottomLeft, BottomRight, TopLeft, TopRight};
    let logo = |margins, corner| plan_of(margins, PlanOptions::new().logo(Some(corner)));
    for corner in [TopLeft, BottomLeft] {
        logo(LEFT, corner).unwrap();
    }
    refused(logo(LEFT, TopRight), "logo_info.position", "top right", "a corner that grows");
    refused(logo(LEFT, BottomRight), "logo_info.position", "bottom right", "a corner that grows");
    logo(Margins { bottom: 1, ..Margins::ZERO }, BottomRight).unwrap();
    refused(logo(Margins { bottom: 1, ..Margins::ZERO }, TopLeft), "logo_info.position", "top left", "grows");
}

#[test]
fn warnings_name_small_pictures_far_sides_and_lost_resolution() {
    let fields = |plan: &ExpandPlan| -> Vec<String> {
        plan.warnings.iter().map(|warning| format!("{} {}", warning.field(), warning.value())).collect()
    };
    assert_eq!(fields(&planned(size(640, 480), Wish::sides(Sides::all(0.5)))), [""; 0]);
    let far = planned(size(640, 480), Wish::sides(Sides { left: 0.6, right: 0.5, ..Sides::ZERO }));
    assert_eq!(fields(&far), ["left 0.60"]);
    let tiny = planned(size(127, 480), Wish::sides(Sides::all(1.0)));
    let sides = ["top 1.00", "bottom 1.00", "left 1.00", "right 1.00"];
    assert_eq!(fields(&tiny), [&["picture 127x480", "picture 11 % of what one pass makes of it"], &sides[..]].concat());
    let large = planned(size(4000, 1000), Wish::sides(Sides { left: 0.5, ..Sides::ZERO }));
    assert_eq!(fields(&large), ["max_side 4096, so 6000x1000 is made as 4096x683 and scaled up"]);
    let strict = plan(size(127, 480), &Wish::sides(Sides::all(0.5)), &PlanOptions::new().strict(true));
    refused(strict, "picture", "127x480", "128 to 4096");
}

#[test]
fn the_successor_paints_canvases_and_is_measured_by_the_limits_of_its_family() {
    let successor = PlanOptions::new().ability(Ability::PaintingEdit).max_passes(9);
    let plan = |wish, options: &PlanOptions| plan(size(100, 480), &wish, options).unwrap();
    let wish = Wish::pixels(Margins { right: 500, ..Margins::ZERO });
    let canvases = plan(wish, &successor);
    assert_eq!((canvases.ability, canvases.execution()), (Ability::PaintingEdit, Execution::Task));
    let outpainting = plan(wish, &PlanOptions::new().max_passes(9));
    assert_eq!((outpainting.ability, outpainting.execution()), (Ability::Outpainting, Execution::Call));
    // Only the mode differs: the passes are those of outpainting.
    let passes = |plan: &ExpandPlan| plan.passes.iter().map(|pass| (pass.from, pass.to)).collect::<Vec<_>>();
    assert_eq!((passes(&canvases), canvases.calls()), (passes(&outpainting), 3));
    assert!(canvases.passes.iter().all(|pass| matches!(pass.mode, PassMode::Canvas(_)) && pass.upload == pass.to));
    assert!(outpainting.passes.iter().all(|pass| matches!(pass.mode, PassMode::Sides(_))));
    assert_eq!(canvases, plan(wish, &successor.canvas(true)));

    let about_picture = |plan: &ExpandPlan| plan.warnings[0].to_string();
    assert!(about_picture(&outpainting).starts_with("picture is 100x480, but must be 128 to 4096 pixels"));
    let narrow = plan(Wish::pixels(Margins { left: 40, ..Margins::ZERO }), &successor);
    assert!(about_picture(&narrow).starts_with("picture is 140x480, but must be of an aspect between 1:3 and 3:1"));
    let wide = plan(Wish::pixels(Margins { left: 60, ..Margins::ZERO }), &successor);
    assert!(wide.warnings.iter().all(|warning| warning.field() != "picture"), "{:?}", wide.warnings);
}

fn any_number() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), 0..=20_000_u32, Just(u32::MAX), Just(16_384), Just(0)]
}

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), 0.0..=4.0, Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX), Just(5e-324), Just(1.0)]
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let size = || (any_number(), any_number()).prop_map(|(width, height)| Size { width, height });
    let four = || (any_number(), any_number(), any_number(), any_number());
    let floats = (any_float(), any_float(), any_float(), any_float());
    let at = || prop_oneof![any::<i32>(), -5000..5000_i32];
    let wish = prop_oneof![
        floats.prop_map(|(top, bottom, left, right)| Wish::sides(Sides { top, bottom, left, right })),
        four().prop_map(|(top, bottom, left, right)| Wish::pixels(Margins { top, bottom, left, right })),
        size().prop_map(Wish::target),
        (any_float(), any_float()).prop_map(|(width, height)| Wish::aspect(width, height)),
        (size(), at(), at()).prop_map(|(size, x, y)| Wish::placed(size, x, y)),
    ];
    let too_small = prop_oneof![Just(TooSmall::Refuse), Just(TooSmall::Crop), Just(TooSmall::Shrink)];
    let anchor = prop_oneof![Just((0.5, 0.5)), (any_float(), any_float())];
    (wish, anchor, too_small).prop_map(|(wish, (x, y), too_small)| wish.anchor(Anchor { x, y }).too_small(too_small))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_input_makes_a_plan_panic_and_no_plan_is_larger_than_allowed(
        width in any_number(), height in any_number(), wish in any_wish(), numbers in [any_number(), any_number(),
        any_number(), any_number(), any_number()], canvas in any::<bool>(), scaled in any::<bool>(), successor in any::<bool>(),
    ) {
        let [passes, side, overlap, soft, context] = numbers;
        let ability = if successor { Ability::PaintingEdit } else { Ability::Outpainting };
        let options = PlanOptions::new().ability(ability).max_passes(passes).canvas(canvas);
        let keep = if scaled { Keep::Result } else { Keep::Original };
        let all = options.max_side(side).overlap(overlap).soft(soft).context(context).keep(keep);
        for options in [options, options.context(context % 99).keep(keep), all] {
            if let Ok(plan) = plan(Size { width, height }, &wish, &options) {
                prop_assert!(plan.result.width <= 16_384 && plan.result.height <= 16_384);
                prop_assert!(plan.original_at.fits(plan.result) && plan.crop.fits(plan.source));
                prop_assert!(plan.calls() >= 1 && plan.calls() <= passes.min(14));
            }
        }
    }
}
