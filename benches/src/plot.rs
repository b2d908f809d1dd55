//! The plot of docs/bench.md: two bar charts as a small SVG, readable on light and dark pages.

use std::fmt::Write as _;

use crate::report::{Row, size};

const WIDTH: u32 = 760;
const BAR: u32 = 22;
const GAP: u32 = 10;
/// Where the bars begin, to the right of their names, and where the longest ends.
const LEFT: u32 = 280;
const RIGHT: u32 = WIDTH - 90;

/// CPU per call and peak memory of these rows.
pub fn svg(rows: &[&Row]) -> String {
    let bytes = rows.first().map_or(0, |row| row.bytes);
    let chart = 40 + rows.len() as u32 * (BAR + GAP);
    let height = 2 * chart + 24;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"14\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"#ffffff\"/>\n"
    );
    let cpu = |row: &Row| row.cpu * 1000.0;
    let title = format!("CPU per call, ms ({} up, {} down)", size(bytes), size(bytes));
    bars(&mut svg, 16, &title, rows, cpu);
    bars(&mut svg, 16 + chart, "peak resident memory, MiB", rows, |row| row.peak);
    svg.push_str("</svg>\n");
    svg
}

fn bars(svg: &mut String, top: u32, title: &str, rows: &[&Row], value: impl Fn(&Row) -> f64) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(svg, "<text x=\"16\" y=\"{}\" font-weight=\"600\" fill=\"#1f2328\">{title}</text>", top + 14);
    let longest = rows.iter().map(|row| value(row)).fold(f64::MIN_POSITIVE, f64::max);
    for (row, index) in rows.iter().zip(0_u32..) {
        let (value, y) = (value(row), top + 28 + index * (BAR + GAP));
        let width = (f64::from(RIGHT - LEFT) * value / longest).max(1.0);
        let color = if row.name.starts_with("volcv") { "#1a7f6b" } else { "#9aa4ae" };
        let middle = y + BAR / 2 + 5;
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\" fill=\"#1f2328\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"3\" fill=\"{color}\"/>\n\
             <text x=\"{:.1}\" y=\"{middle}\" fill=\"#1f2328\">{value:.1}</text>\n",
            LEFT - 10,
            row.name,
            f64::from(LEFT) + width + 8.0,
        );
    }
}
