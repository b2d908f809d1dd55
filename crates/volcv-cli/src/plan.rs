//! `volcv plan`: what a growth would send, give and cost.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};
use volcv::{Ability, Bytes, CancelToken, DecodeOptions, Execution, ExpandOptions, ExpandPlan, Outpaint, PaintingEdit};
use volcv::{Pass, PassMode, PlanOptions, Rect, Size};

use crate::args::{AbilityName, PlanArgs};
use crate::client::Client;
use crate::report::{self, CliError, Report};
use crate::settings::{self, with_flags};
use crate::{draw, encoding, input};

/// Prints the plan, and draws it if that is wanted.
pub(crate) fn run(args: &PlanArgs, cancel: &CancelToken) -> ExitCode {
    match planned(args, cancel) {
        Ok(planned) if args.json => report::result(format!("{}\n", planned.to_json(args)).as_bytes()),
        Ok(planned) => {
            planned.warnings().iter().for_each(|text| report::note("warning", text));
            report::result(planned.to_text(args).as_bytes())
        }
        Err(failure) => Report::failed(failure).print(args.json),
    }
}

/// The options of a plan that the command has flags for.
pub(crate) fn plan_options(ability: AbilityName, max_passes: u32, max_side: Option<u32>) -> PlanOptions {
    let options = PlanOptions::new().ability(ability.into()).max_passes(max_passes);
    max_side.map_or(options, |pixels| options.max_side(pixels))
}

/// The plan as JSON, without its warnings.
pub(crate) fn to_json(plan: &ExpandPlan) -> Value {
    json!({
        "ability": req_key(plan.ability),
        "source": of_size(plan.source),
        "crop": of_rect(plan.crop),
        "result": of_size(plan.result),
        "original": of_rect(plan.original_at),
        "calls": plan.calls(),
        "passes": plan.passes.iter().map(of_pass).collect::<Vec<_>>(),
    })
}

struct Planned {
    plan: ExpandPlan,
    /// The bytes of the body of the first request; unknown without a picture.
    upload_bytes: Option<u64>,
}

fn planned(args: &PlanArgs, cancel: &CancelToken) -> Result<Planned, CliError> {
    let (size, file) = source(args, cancel)?;
    let options = ExpandOptions::new().plan(plan_options(args.ability, args.max_passes, args.max_side));
    let wish = args.wish.wish();
    let plan = options.plan_for(size, &wish).map_err(|error| settings::refused(&error))?;
    let mut upload_bytes = None;
    if let Some(file) = &file {
        let request = options.first_request(file.clone(), &wish)?;
        upload_bytes = Client::offline()?.preview(&*request)?["content_length"].as_u64();
    }
    if let Some(path) = &args.draw {
        let encoding = encoding::by_ending(path)?;
        let picture = file.map(|file| volcv::decode(&file, &DecodeOptions::default()).map(|decoded| decoded.0));
        let drawn = picture.transpose().and_then(|picture| draw::plan(&plan, picture));
        let drawn = drawn.map_err(|error| CliError::invalid_input(format!("cannot draw the plan: {error}")))?;
        encoding::write(&drawn.pixels(), path, encoding)?;
    }
    Ok(Planned { plan, upload_bytes })
}

/// The size of the picture, and the picture itself unless only its size is given.
fn source(args: &PlanArgs, cancel: &CancelToken) -> Result<(Size, Option<Bytes>), CliError> {
    if input::link(&args.input).is_some() {
        let message = "a plan needs no network; give the size of the picture, such as 1024x768, instead of a link";
        return Err(CliError::invalid_input(message));
    }
    let size = args.input.to_str().and_then(|text| text.parse::<Size>().ok());
    if let Some(size) = size.filter(|_| !args.input.exists()) {
        return Ok((size, None));
    }
    let file = input::read("picture", &args.input, cancel)?;
    Ok((input::size_of(&file)?, Some(file.into())))
}

impl Planned {
    fn warnings(&self) -> Vec<String> {
        self.plan.warnings.iter().map(with_flags).collect()
    }

    fn to_json(&self, args: &PlanArgs) -> Value {
        let mut object = to_json(&self.plan);
        object["ok"] = true.into();
        object["upload_bytes"] = self.upload_bytes.into();
        object["drawing"] = args.draw.as_ref().map(|path| path.to_string_lossy()).into();
        object["warnings"] = self.warnings().into();
        object
    }

    fn to_text(&self, args: &PlanArgs) -> String {
        let plan = &self.plan;
        let whole = Rect { x: 0, y: 0, width: plan.source.width, height: plan.source.height };
        let mut lines = vec![("source", plan.source.to_string())];
        if plan.crop != whole {
            lines.push(("used", plan.crop.to_string()));
        }
        lines.push(("result", plan.result.to_string()));
        lines.push(("original", plan.original_at.to_string()));
        if plan.ability.execution() == Execution::Task {
            lines.push(("ability", format!("{}, each call as a task", req_key(plan.ability))));
        }
        lines.push(("calls", format!("{}, each of which is paid for", plan.calls())));
        lines.extend(plan.passes.iter().map(|pass| ("call", text_of(pass))));
        if let Some(bytes) = self.upload_bytes {
            lines.push(("upload", format!("{bytes} bytes in the first call")));
        }
        if let Some(path) = &args.draw {
            lines.push(("drawing", path.display().to_string()));
        }
        lines.into_iter().fold(String::new(), |mut text, (name, value)| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<9} {value}");
            text
        })
    }
}

/// `sides left 0.5001 right 0.5001: sends 960x640, gets 1920x640`.
fn text_of(pass: &Pass) -> String {
    let what = match pass.mode {
        PassMode::Sides(sides) => {
            let named = [("top", sides.top), ("bottom", sides.bottom), ("left", sides.left), ("right", sides.right)];
            let grown = named.iter().filter(|(_, ratio)| *ratio > 0.0);
            grown.fold("sides".to_owned(), |text, (name, ratio)| format!("{text} {name} {ratio:.4}"))
        }
        PassMode::Canvas(canvas) => format!("canvas keep {}", canvas.keep),
    };
    let scaled = if pass.is_scaled() { format!(", scaled to {}", pass.to) } else { String::new() };
    format!("{what}: sends {}, gets {}{scaled}", pass.upload, pass.expected)
}

fn req_key(ability: Ability) -> &'static str {
    match ability {
        Ability::PaintingEdit => PaintingEdit::REQ_KEY,
        _ => Outpaint::REQ_KEY,
    }
}

fn of_pass(pass: &Pass) -> Value {
    let mut object = json!({
        "from": of_size(pass.from),
        "to": of_size(pass.to),
        "upload": of_size(pass.upload),
        "expected": of_size(pass.expected),
        "max_width": pass.max_width,
        "max_height": pass.max_height,
    });
    match pass.mode {
        PassMode::Sides(sides) => {
            object["mode"] = "sides".into();
            for (name, ratio) in
                [("top", sides.top), ("bottom", sides.bottom), ("left", sides.left), ("right", sides.right)]
            {
                object[name] = ratio.into();
            }
        }
        PassMode::Canvas(canvas) => {
            object["mode"] = "canvas".into();
            object["keep"] = of_rect(canvas.keep);
            object["soft"] = canvas.soft.into();
        }
    }
    object
}

fn of_size(size: Size) -> Value {
    json!({"width": size.width, "height": size.height})
}

fn of_rect(rect: Rect) -> Value {
    json!({"x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height})
}
