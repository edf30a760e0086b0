//! What every route makes use of: reading a request's parameters, refusing it, saying a body.
//!
//! Which height header an answer carries is part of it: answers from state carry both, refusals by a
//! module one, refusals by the gateway (numbers that are none, unknown routes) none.

use serde::Serialize;
use serde_json::json;

use super::encoding;
use super::node::Chain;

/// Which height headers an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heights {
    None,
    /// `grpc-metadata-x-cosmos-block-height` only: the module refused.
    Grpc(u64),
    /// That one and `x-cosmos-block-height`.
    Both(u64),
}

/// An answer in the making; its body is JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub heights: Heights,
    pub body: String,
}

/// What was asked, as far as an answer depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub method: &'a str,
    /// Undecoded.
    pub path: &'a str,
    /// Undecoded, without `?`.
    pub query: &'a str,
    /// The request's `x-cosmos-block-height`.
    pub pin: Option<&'a str>,
    pub body: &'a [u8],
    /// How many blocks this node is behind.
    pub lag: u64,
    pub index: Index,
}

/// What a node's index of transactions knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    On,
    /// All but the transactions of the newest so many blocks.
    Behind(u64),
    /// Nothing: 404 for every hash, no hit for any search.
    Forgot,
    /// There is none: 500.
    Off,
}

pub type Reply = Result<Answer, Answer>;

const DEFAULT_LIMIT: u64 = 100;

/// A refusal; `code` is the gRPC one, from which the HTTP status follows.
pub fn refusal(code: u8, message: &str, heights: Heights) -> Answer {
    let status = match code {
        3 | 9 => 400,
        5 => 404,
        12 => 501,
        14 => 503,
        _ => 500,
    };
    Answer { status, heights, body: json!({"code": code, "message": message, "details": []}).to_string() }
}

/// The gateway knows no such route, or not with this method.
pub fn not_implemented() -> Answer {
    refusal(12, "Not Implemented", Heights::None)
}

/// A refusal by the gateway itself: the request never reached the node.
pub fn malformed(message: &str) -> Answer {
    refusal(3, message, Heights::None)
}

/// Why Go does not parse a number.
pub fn strconv(function: &str, text: &str, digits: &str) -> String {
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let reason = if number { "value out of range" } else { "invalid syntax" };
    format!("strconv.{function}: parsing {text:?}: {reason}")
}

/// Query parameters, decoded. Unknown ones are ignored, as the gateway does.
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn new(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self, name: &str) -> &str {
        self.given(name).unwrap_or_default()
    }

    /// 0 when absent.
    pub fn number<T: std::str::FromStr + Default>(&self, name: &str) -> Result<T, Answer> {
        match self.given(name) {
            None => Ok(T::default()),
            Some(text) => text
                .parse()
                .ok()
                .filter(|_| !text.starts_with('+'))
                .ok_or_else(|| malformed(&strconv("ParseUint", text, text))),
        }
    }

    pub fn flag(&self, name: &str) -> Result<bool, Answer> {
        match self.given(name) {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some(text) => Err(malformed(&strconv("ParseBool", text, ""))),
        }
    }

    pub fn page(&self) -> Result<Page, Answer> {
        let key = encoding::from_base64(self.text("pagination.key"))
            .map_err(|at| malformed(&format!("illegal base64 data at input byte {at}")))?;
        Ok(Page {
            key,
            limit: self.number("pagination.limit")?,
            offset: self.number("pagination.offset")?,
            count_total: self.flag("pagination.count_total")?,
            reverse: self.flag("pagination.reverse")?,
        })
    }
}

/// Paging as asked for; 0 and empty mean not given.
pub struct Page {
    pub key: Vec<u8>,
    pub limit: u64,
    pub offset: u64,
    pub count_total: bool,
    pub reverse: bool,
}

impl Page {
    pub fn limit(&self) -> usize {
        let limit = if self.limit == 0 { DEFAULT_LIMIT } else { self.limit };
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    pub fn offset(&self) -> usize {
        usize::try_from(self.offset).unwrap_or(usize::MAX)
    }
}

/// Everything an answer is made of.
pub struct Asked<'a> {
    pub chain: &'a Chain,
    pub query: Query,
    /// The node's newest block.
    pub tip: u64,
    /// The height the answer is of: the pinned one, or the newest.
    pub height: u64,
    pub index: Index,
}

pub fn percent_decoded(part: &str) -> String {
    if !part.contains('%') {
        return part.to_owned();
    }
    // A form decoder would turn + into a space; in a path it stands for itself.
    let form = part.replace('+', "%2B");
    url::form_urlencoded::parse(form.replace('=', "%3D").replace('&', "%26").as_bytes())
        .next()
        .map(|(key, _)| key.into_owned())
        .unwrap_or_default()
}

pub fn pinned(pin: Option<&str>, tip: u64) -> Result<u64, Answer> {
    let Some(text) = pin.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(tip);
    };
    let refuse = |message: &str| refusal(2, message, Heights::None);
    let height: i64 = text.parse().map_err(|_| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        refuse(&format!(
            "codespace sdk code 18: invalid request: Baseapp.RegisterGRPCServer: invalid height header \
             \"x-cosmos-block-height\": {}",
            strconv("ParseInt", text, digits)
        ))
    })?;
    let height = u64::try_from(height).map_err(|_| {
        refuse("codespace sdk code 18: invalid request: cannot query with height < 0; please provide a valid height")
    })?;
    if height > tip {
        return Err(refuse(
            "codespace sdk code 26: invalid height: cannot query with height in the future; please provide a valid height",
        ));
    }
    Ok(if height == 0 { tip } else { height })
}

impl Asked<'_> {
    pub fn say(&self, body: &impl Serialize) -> Reply {
        match serde_json::to_string(body) {
            Ok(body) => Ok(Answer { status: 200, heights: Heights::Both(self.height), body }),
            Err(reason) => Err(self.refuse(13, &reason.to_string())),
        }
    }

    pub fn refuse(&self, code: u8, message: &str) -> Answer {
        refusal(code, message, Heights::Grpc(self.height))
    }

    pub fn missing(&self, message: &str) -> Answer {
        self.refuse(5, message)
    }

    pub fn say_page<T: Serialize>(&self, name: &str, rows: &[T], next: Option<&[u8]>, total: usize) -> Reply {
        let next = next.map(encoding::base64);
        let pagination = json!({"next_key": next, "total": total.to_string()});
        match serde_json::to_string(rows) {
            Ok(rows) => Ok(Answer {
                status: 200,
                heights: Heights::Both(self.height),
                body: format!("{{\"{name}\":{rows},\"pagination\":{pagination}}}"),
            }),
            Err(reason) => Err(self.refuse(13, &reason.to_string())),
        }
    }

    /// A list that pages the way the SDK does: the page key is the next row's store key, and the
    /// total is counted only when asked for or when no limit was given.
    pub fn paged<T: Serialize>(&self, name: &str, mut rows: Vec<(Vec<u8>, T)>, page: &Page) -> Reply {
        if page.offset > 0 && !page.key.is_empty() {
            return Err(self.refuse(3, "invalid request, either offset or key is expected, got both"));
        }
        if page.reverse {
            rows.reverse();
        }
        let first = if page.key.is_empty() {
            page.offset()
        } else {
            rows.iter()
                .position(|(key, _)| if page.reverse { *key <= page.key } else { *key >= page.key })
                .unwrap_or(rows.len())
        };
        let counts = page.key.is_empty() && (page.count_total || page.limit == 0);
        let total = if counts { rows.len() } else { 0 };
        let rest = rows.get(first..).unwrap_or_default();
        let next = rest.get(page.limit()).map(|(key, _)| key.as_slice());
        let shown: Vec<&T> = rest.iter().take(page.limit()).map(|(_, row)| row).collect();
        self.say_page(name, &shown, next, total)
    }
}

/// A body of one named object.
pub struct One<'a, T>(pub &'static str, pub &'a T);

impl<T: Serialize> Serialize for One<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}
