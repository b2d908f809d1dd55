//! A request with any fields, from the typed builder or from JSON.

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use volcv_types::{CvRequest, Outpaint, Picture, PromptField, Sides, Value};

/// The fields of a caller. The JSON text takes the remaining input.
#[derive(Arbitrary, Debug)]
pub struct Fields<'a> {
    /// The sizes in which the body is read.
    pub reads: [u8; 4],
    mode: u8,
    numbers: [f64; 5],
    seed: Option<i64>,
    steps: Option<u32>,
    link: Option<bool>,
    pictures: [&'a [u8]; 2],
    prompt: Option<&'a str>,
    json: &'a [u8],
}

impl Fields<'_> {
    /// The request, if the fields are valid.
    pub fn request(&self) -> Option<CvRequest> {
        let json: Option<Value> = serde_json::from_slice(self.json).ok();
        let [first, second] = self.pictures.map(|bytes| Picture::from(bytes.to_vec()));
        let [top, bottom, left, right, scale] = self.numbers;
        let link = String::from_utf8_lossy(self.pictures[0]).into_owned();
        let mut outpaint = match self.mode % 8 {
            0 => return CvRequest::new("CVProcess", "2022-08-31", json?).ok(),
            1 => return CvRequest::new("A", "V", json?).ok()?.with_pictures(vec![first]).ok(),
            2 => return CvRequest::new("A", "V", json?).ok()?.with_pictures(vec![first, second]).ok(),
            3 => return CvRequest::new("A", "V", json?).ok()?.with_pictures(vec![Picture::url(link)]).ok(),
            4 => Outpaint::sides(first, Sides { top, bottom, left, right }).scale(scale),
            5 => Outpaint::aspect(first, top, bottom).strength(left),
            6 => Outpaint::canvas(first, second).strict(self.link == Some(true)),
            _ => Outpaint::equal(Picture::url(link), top).prompt_field(PromptField::Both),
        };
        if let Some(Value::Object(extra)) = json {
            outpaint = extra.into_iter().fold(outpaint, |outpaint, (key, value)| outpaint.extra(key, value));
        }
        outpaint = self.seed.map_or(outpaint.clone(), |seed| outpaint.seed(seed));
        outpaint = self.steps.map_or(outpaint.clone(), |steps| outpaint.steps(steps));
        outpaint = self.link.map_or(outpaint.clone(), |link| outpaint.return_url(link));
        outpaint = self.prompt.map_or(outpaint.clone(), |prompt| outpaint.prompt(prompt));
        outpaint.output_size();
        outpaint.request().ok()
    }
}
