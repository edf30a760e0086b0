//! A screen as a picture: the emulator's grid drawn as SVG, for the README.
//!
//! Small, the same bytes for the same screen, one element a line so that a change can be read in a diff. No font comes
//! with it: every stretch of text is pinned to the grid by where it starts and how long it is, and what a font might
//! draw with gaps (lines, blocks) is drawn as shapes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use vt100::{Cell, Screen};

/// All lengths are hundredths of a pixel, so that nothing is rounded differently elsewhere.
type Length = i32;

const CELL: (Length, Length) = (840, 1800);
const BASELINE: Length = 1330;
const MARGIN: Length = 1200;
const TITLE_BAR: Length = 3400;

/// From, to.
type Span = (Length, Length);

type Rgb = (u8, u8, u8);

pub const BACKGROUND: Rgb = (0x0d, 0x11, 0x17);
pub const FOREGROUND: Rgb = (0xd1, 0xd7, 0xe0);
const BORDER: Rgb = (0x3d, 0x44, 0x4d);

/// The 16 colours, black to bright white. Readable on [`BACKGROUND`], which the picture brings along.
pub const PALETTE: [Rgb; 16] = [
    (0x21, 0x26, 0x2d),
    (0xff, 0x7b, 0x72),
    (0x56, 0xd3, 0x64),
    (0xe3, 0xb3, 0x41),
    (0x6c, 0xb6, 0xff),
    (0xd2, 0xa8, 0xff),
    (0x56, 0xd4, 0xdd),
    (0xb1, 0xba, 0xc4),
    (0x8b, 0x94, 0x9e),
    (0xff, 0xa1, 0x98),
    (0x7e, 0xe7, 0x87),
    (0xf2, 0xcc, 0x60),
    (0x9e, 0xcb, 0xff),
    (0xe2, 0xc5, 0xff),
    (0xa5, 0xe8, 0xee),
    (0xff, 0xff, 0xff),
];

/// Draws `screen`. `title` is what a screen reader says; with `window` it also stands in a title bar.
pub fn draw(screen: &Screen, title: &str, window: bool) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (Length::from(rows.get()), Length::from(columns.get()));
    let top = if window { TITLE_BAR } else { MARGIN };
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + top + MARGIN);
    let title = escape(title);

    let mut out = String::new();
    let (w, h) = (px(width), px(height));
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {w} {h}" width="{w}" height="{h}">"#
    );
    let _ = writeln!(out, "<title>{title}</title>");
    let _ = writeln!(
        out,
        r#"<rect x=".5" y=".5" width="{}" height="{}" rx="8" fill="{}" stroke="{}"/>"#,
        px(width - 100),
        px(height - 100),
        hex(BACKGROUND),
        hex(BORDER)
    );
    out.push_str(
        "<g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace\" \
         font-size=\"14\" xml:space=\"preserve\" ",
    );
    let _ = writeln!(out, r#"style="white-space:pre" fill="{}">"#, hex(FOREGROUND));
    if window {
        for (x, color) in [(1900, PALETTE[1]), (3700, PALETTE[3]), (5500, PALETTE[2])] {
            let _ = writeln!(out, r#"<circle cx="{}" cy="18" r="5" fill="{}"/>"#, px(x), hex(color));
        }
        let (x, fill) = (px(width / 2), hex(PALETTE[8]));
        let _ = writeln!(out, r#"<text x="{x}" y="23" text-anchor="middle" fill="{fill}">{title}</text>"#);
    }
    let _ = writeln!(out, r#"<g transform="translate({} {})">"#, px(MARGIN), px(top));
    out.push_str(&grid(screen));
    out.push_str("</g>\n</g>\n</svg>\n");
    out
}

/// How a cell looks, reverse video and dimness already turned into colours.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: Rgb,
    paper: Rgb,
    bold: bool,
    italic: bool,
    underline: bool,
}

fn look(cell: &Cell) -> Look {
    let mut ink = rgb(cell.fgcolor()).unwrap_or(FOREGROUND);
    let mut paper = rgb(cell.bgcolor()).unwrap_or(BACKGROUND);
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut paper);
    }
    if cell.dim() {
        ink = mix(ink, paper);
    }
    Look { ink, paper, bold: cell.bold(), italic: cell.italic(), underline: cell.underline() }
}

/// `None` is the terminal's own colour.
fn rgb(color: vt100::Color) -> Option<Rgb> {
    // The levels of the 6×6×6 cube and the step of the grey ramp are xterm's.
    const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match color {
        vt100::Color::Default => None,
        vt100::Color::Rgb(r, g, b) => Some((r, g, b)),
        vt100::Color::Idx(i @ 0..16) => Some(PALETTE[usize::from(i)]),
        vt100::Color::Idx(i @ 16..232) => {
            let i = usize::from(i - 16);
            Some((CUBE[i / 36], CUBE[i / 6 % 6], CUBE[i % 6]))
        }
        vt100::Color::Idx(i) => {
            let grey = 8 + 10 * (i - 232);
            Some((grey, grey, grey))
        }
    }
}

/// Two thirds of the first, one of the second.
fn mix(a: Rgb, b: Rgb) -> Rgb {
    let part = |a: u8, b: u8| u8::try_from((2 * u16::from(a) + u16::from(b)) / 3).unwrap();
    (part(a.0, b.0), part(a.1, b.1), part(a.2, b.2))
}

/// Colour, stroke width, whether it is vertical, and the coordinate that does not change along it.
type LineKind = (Rgb, Length, bool, Length);

/// What there is to draw, by colour, so that one path holds all shapes of a colour.
#[derive(Default)]
struct Shapes {
    /// From left to right, by (colour, top, bottom).
    areas: BTreeMap<(Rgb, Length, Length), Vec<Span>>,
    lines: BTreeMap<LineKind, BTreeSet<Span>>,
    /// Round corners, by colour.
    corners: BTreeMap<Rgb, String>,
}

impl Shapes {
    fn area(&mut self, color: Rgb, x: Span, y: Span) {
        self.areas.entry((color, y.0, y.1)).or_default().push(x);
    }

    fn line(&mut self, color: Rgb, stroke: Length, vertical: bool, at: Length, span: Span) {
        if span.0 < span.1 {
            self.lines.entry((color, stroke, vertical, at)).or_default().insert(span);
        }
    }

    fn write(&self, out: &mut String) {
        let mut fills: BTreeMap<Rgb, String> = BTreeMap::new();
        for ((color, top, bottom), spans) in &self.areas {
            let path = fills.entry(*color).or_default();
            for (left, right) in joined(spans.iter().copied()) {
                let _ = write!(
                    path,
                    "M{} {}h{}v{}h{}z",
                    px(left),
                    px(*top),
                    px(right - left),
                    px(bottom - top),
                    px(left - right)
                );
            }
        }
        for (color, path) in fills {
            let _ = writeln!(out, r#"<path shape-rendering="crispEdges" fill="{}" d="{path}"/>"#, hex(color));
        }
        let mut strokes: BTreeMap<(Rgb, Length), String> = BTreeMap::new();
        for ((color, stroke, vertical, at), spans) in &self.lines {
            let path = strokes.entry((*color, *stroke)).or_default();
            for (from, to) in joined(spans.iter().copied()) {
                let _ = if *vertical {
                    write!(path, "M{} {}V{}", px(*at), px(from), px(to))
                } else {
                    write!(path, "M{} {}H{}", px(from), px(*at), px(to))
                };
            }
        }
        for (color, corners) in &self.corners {
            strokes.entry((*color, LIGHT)).or_default().push_str(corners);
        }
        for ((color, stroke), path) in strokes {
            let _ = writeln!(
                out,
                r#"<path fill="none" stroke="{}" stroke-width="{}" d="{path}"/>"#,
                hex(color),
                px(stroke)
            );
        }
    }
}

/// Spans in order, those that touch made one.
fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if last.1 >= span.0 => last.1 = last.1.max(span.1),
            _ => out.push(span),
        }
    }
    out
}

/// A stretch of text of one look, from a column over a number of cells.
struct Stretch {
    look: Look,
    column: Length,
    cells: Length,
    text: String,
}

fn grid(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (mut papers, mut shapes, mut texts) = (Shapes::default(), Shapes::default(), String::new());
    for row in 0..rows.get() {
        let y = Length::from(row) * CELL.1;
        let mut stretch: Option<Stretch> = None;
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column) else { continue };
            if cell.is_wide_continuation() {
                continue;
            }
            let look = look(cell);
            let cells = if cell.is_wide() { 2 } else { 1 };
            let x = Length::from(column) * CELL.0;
            let span = (x, x + cells * CELL.0);
            if look.paper != BACKGROUND {
                papers.area(look.paper, span, (y, y + CELL.1));
            }
            if look.underline {
                shapes.line(look.ink, LIGHT, false, y + BASELINE + 200, span);
            }
            let text = cell.contents();
            let blank = text.trim().is_empty();
            let c = text.chars().next().unwrap_or(' ');
            if !blank && (block(&mut shapes, c, &look, (x, y)) || rule(&mut shapes, c, look.ink, (x, y))) {
                flush(&mut stretch, &mut texts, y);
                continue;
            }
            // What may come from another font has another width there: it gets a place of its own.
            let own = !blank && (cells == 2 || !(c.is_ascii() || c.is_alphanumeric()));
            let goes_on = !own
                && stretch.as_ref().is_some_and(|s| {
                    let same = s.look.ink == look.ink && s.look.bold == look.bold && s.look.italic == look.italic;
                    if blank { !s.text.ends_with(' ') } else { same }
                });
            if !goes_on {
                flush(&mut stretch, &mut texts, y);
            }
            if blank && stretch.is_none() {
                continue;
            }
            let shown = if blank { " " } else { text };
            let s = stretch.get_or_insert_with(|| Stretch {
                look,
                column: Length::from(column),
                cells: 0,
                text: String::new(),
            });
            s.cells += cells;
            s.text.push_str(shown);
            if own {
                flush(&mut stretch, &mut texts, y);
            }
        }
        flush(&mut stretch, &mut texts, y);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, y) = (Length::from(column) * CELL.0, Length::from(row) * CELL.1);
        shapes.area(FOREGROUND, (x, x + 200), (y, y + CELL.1));
    }
    let mut out = String::new();
    papers.write(&mut out);
    shapes.write(&mut out);
    out + &texts
}

fn flush(stretch: &mut Option<Stretch>, out: &mut String, y: Length) {
    let Some(stretch) = stretch.take() else { return };
    let text = stretch.text.trim_end();
    let blanks = Length::try_from(stretch.text.len() - text.len()).unwrap();
    let cells = stretch.cells - blanks;
    let _ = write!(out, r#"<text x="{}" y="{}""#, px(stretch.column * CELL.0), px(y + BASELINE));
    // One cell has no room to be stretched in; several are held to their columns.
    if cells > 1 {
        let _ = write!(out, r#" textLength="{}""#, px(cells * CELL.0));
    }
    if stretch.look.ink != FOREGROUND {
        let _ = write!(out, r#" fill="{}""#, hex(stretch.look.ink));
    }
    if stretch.look.bold {
        out.push_str(r#" font-weight="700""#);
    }
    if stretch.look.italic {
        out.push_str(r#" font-style="italic""#);
    }
    let _ = writeln!(out, ">{}</text>", escape(text));
}

/// Block elements, U+2580 to U+259F. `false` if `c` is none.
fn block(shapes: &mut Shapes, c: char, look: &Look, (x, y): (Length, Length)) -> bool {
    let (width, height) = CELL;
    let (eighth_w, eighth_h) = (width / 8, height / 8);
    // Quadrants: upper left 1, upper right 2, lower left 4, lower right 8.
    let quadrants = match c {
        '▖' => 4,
        '▗' => 8,
        '▘' => 1,
        '▙' => 1 | 4 | 8,
        '▚' => 1 | 8,
        '▛' => 1 | 2 | 4,
        '▜' => 1 | 2 | 8,
        '▝' => 2,
        '▞' => 2 | 4,
        '▟' => 2 | 4 | 8,
        _ => 0,
    };
    let code = Length::try_from(u32::from(c)).unwrap_or(0);
    let mut ink = look.ink;
    let ((left, right), (top, bottom)) = match c {
        '▀' => ((0, width), (0, height / 2)),
        '▁'..='█' => ((0, width), (height - eighth_h * (code - 0x2580), height)),
        '▉'..='▏' => ((0, eighth_w * (0x2590 - code)), (0, height)),
        '▐' => ((width / 2, width), (0, height)),
        '░' => {
            ink = mix(look.paper, mix(look.ink, look.paper));
            ((0, width), (0, height))
        }
        '▒' => {
            ink = mix(look.paper, look.ink);
            ((0, width), (0, height))
        }
        '▓' => {
            ink = mix(look.ink, look.paper);
            ((0, width), (0, height))
        }
        '▔' => ((0, width), (0, eighth_h)),
        '▕' => ((width - eighth_w, width), (0, height)),
        _ if quadrants != 0 => {
            for (bit, left, top) in [(1, 0, 0), (2, width / 2, 0), (4, 0, height / 2), (8, width / 2, height / 2)] {
                if quadrants & bit != 0 {
                    shapes.area(ink, (x + left, x + left + width / 2), (y + top, y + top + height / 2));
                }
            }
            return true;
        }
        _ => return false,
    };
    shapes.area(ink, (x + left, x + right), (y + top, y + bottom));
    true
}

const LIGHT: Length = 100;
const HEAVY: Length = 220;
/// From the middle of a double line to each of its strokes.
const APART: Length = 130;

/// Box-drawing characters: light, heavy and double lines with their corners and crossings, and round corners. `false`
/// for the rest, which stay text.
fn rule(shapes: &mut Shapes, c: char, ink: Rgb, (x, y): (Length, Length)) -> bool {
    let (cx, cy) = (x + CELL.0 / 2, y + CELL.1 / 2);
    let (left, right, top, bottom) = (x, x + CELL.0, y, y + CELL.1);
    if let Some((to_x, to_y)) = match c {
        '╭' => Some((right, bottom)),
        '╮' => Some((left, bottom)),
        '╰' => Some((right, top)),
        '╯' => Some((left, top)),
        _ => None,
    } {
        let bend = if to_y > cy { cy + 420 } else { cy - 420 };
        let path = shapes.corners.entry(ink).or_default();
        let _ = write!(path, "M{} {}V{}Q{} {} {} {}", px(cx), px(to_y), px(bend), px(cx), px(cy), px(to_x), px(cy));
        return true;
    }
    let Some(arms) = arms(c) else { return false };
    if let [3 | 0, 3 | 0, 3 | 0, 3 | 0] = arms {
        double(shapes, ink, arms.map(|weight| weight != 0), (x, y));
        return true;
    }
    // An arm that ends in the middle goes on to the far side of the stroke that crosses it, so that corners are closed.
    let stroke = |weight| if weight == 2 { HEAVY } else { LIGHT };
    let across = |a: u8, b: u8| match a.max(b) {
        0 => 0,
        weight => stroke(weight) / 2,
    };
    let [to_left, to_right, up, down] = arms;
    let (over_x, over_y) = (across(up, down), across(to_left, to_right));
    for (weight, vertical, at, span) in [
        (to_left, false, cy, (left, cx + over_x)),
        (to_right, false, cy, (cx - over_x, right)),
        (up, true, cx, (top, cy + over_y)),
        (down, true, cx, (cy - over_y, bottom)),
    ] {
        if weight != 0 {
            shapes.line(ink, stroke(weight), vertical, at, span);
        }
    }
    true
}

/// Weight of the arms to the left, right, top and bottom: 0 none, 1 light, 2 heavy, 3 double.
fn arms(c: char) -> Option<[u8; 4]> {
    const SETS: [(&str, u8); 3] = [("─│┌┐└┘├┤┬┴┼", 1), ("━┃┏┓┗┛┣┫┳┻╋", 2), ("═║╔╗╚╝╠╣╦╩╬", 3)];
    const SHAPES: [[u8; 4]; 11] = [
        [1, 1, 0, 0],
        [0, 0, 1, 1],
        [0, 1, 0, 1],
        [1, 0, 0, 1],
        [0, 1, 1, 0],
        [1, 0, 1, 0],
        [0, 1, 1, 1],
        [1, 0, 1, 1],
        [1, 1, 0, 1],
        [1, 1, 1, 0],
        [1, 1, 1, 1],
    ];
    const ENDS: &str = "╴╶╵╷╸╺╹╻";
    for (set, weight) in SETS {
        if let Some(at) = set.chars().position(|one| one == c) {
            return Some(SHAPES[at].map(|arm| arm * weight));
        }
    }
    let at = ENDS.chars().position(|one| one == c)?;
    let mut arms = [0; 4];
    arms[at % 4] = if at < 4 { 1 } else { 2 };
    Some(arms)
}

/// Both strokes of every arm. At the crossing a stroke ends at the near stroke of the neighbouring arm on its side, runs
/// through if there is none but an opposite arm, and else turns the outer corner.
fn double(shapes: &mut Shapes, ink: Rgb, arms: [bool; 4], (x, y): (Length, Length)) {
    let [left, right, up, down] = arms;
    let (cx, cy) = (x + CELL.0 / 2, y + CELL.1 / 2);
    // How far from the middle, in the arm's own direction, its stroke on the side of `near` begins.
    let start = |near: bool, opposite: bool, far: bool| match (near, opposite, far) {
        (true, _, _) => APART,
        (_, true, _) | (_, _, false) => 0,
        (_, _, true) => -APART,
    };
    let close = LIGHT / 2;
    for (side, above, below, before, after) in [(-APART, up, down, left, right), (APART, down, up, right, left)] {
        if left {
            shapes.line(ink, LIGHT, false, cy + side, (x, cx - start(above, right, below) + close));
        }
        if right {
            shapes.line(ink, LIGHT, false, cy + side, (cx + start(above, left, below) - close, x + CELL.0));
        }
        if up {
            shapes.line(ink, LIGHT, true, cx + side, (y, cy - start(before, down, after) + close));
        }
        if down {
            shapes.line(ink, LIGHT, true, cx + side, (cy + start(before, up, after) - close, y + CELL.1));
        }
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Hundredths as pixels, without trailing zeros.
fn px(length: Length) -> String {
    let sign = if length < 0 { "-" } else { "" };
    let (whole, rest) = (length.abs() / 100, length.abs() % 100);
    match rest {
        0 => format!("{sign}{whole}"),
        rest if rest % 10 == 0 => format!("{sign}{whole}.{}", rest / 10),
        rest => format!("{sign}{whole}.{rest:02}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Holds the picture `assets/NAME.svg` to what the program shows now; with `AKBIDS_BLESS=1` it is written anew.
#[track_caller]
pub fn golden(name: &str, svg: &str) {
    let bless = std::env::var_os("AKBIDS_BLESS").is_some_and(|value| value == "1");
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    if let Err(why) = golden_in(&assets, name, svg, bless) {
        panic!("{why}");
    }
}

/// As [`golden`], in any directory. When they differ the new picture lies in cargo's directory for test output.
pub fn golden_in(directory: &Path, name: &str, svg: &str, bless: bool) -> Result<(), String> {
    let file = format!("{name}.svg");
    let kept = std::fs::read_to_string(directory.join(&file)).map(|text| text.replace("\r\n", "\n"));
    if kept.as_ref().is_ok_and(|kept| kept == svg) {
        return Ok(());
    }
    let write = |directory: &Path| std::fs::write(directory.join(&file), svg).map_err(|e| format!("{file}: {e}"));
    if bless {
        return write(directory);
    }
    let seen = Path::new(env!("CARGO_TARGET_TMPDIR"));
    write(seen)?;
    let difference = match kept {
        Err(e) => format!("cannot be read ({e})"),
        Ok(kept) => {
            let same = kept.lines().zip(svg.lines()).take_while(|(a, b)| a == b).count();
            let line = |text: &str| text.lines().nth(same).unwrap_or("(the end)").to_owned();
            format!("differs in line {}:\n  kept {}\n  now  {}", same + 1, line(&kept), line(svg))
        }
    };
    let seen = seen.join(&file);
    Err(format!(
        "the picture {file} {difference}\nThe screen as it is now: {}. If it is right, run the test with AKBIDS_BLESS=1.",
        seen.display()
    ))
}
