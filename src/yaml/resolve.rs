//! What a scalar is: YAML 1.1 as kubectl's reader takes it, which tries integers of all bases, and knows
//! no numbers of base 60.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::tag::OWN;

/// What a scalar is.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that only the unsigned have.
    Large(u64),
    /// Any other number, infinite and none included.
    Float(f64),
    /// A string: the text itself.
    Text,
    /// A string that is not the text itself.
    Decoded(String),
}

/// Tells what a scalar is by its tag, and where it has none and no quotes, by its text.
pub(super) fn resolve(tag: Option<&str>, text: &str, is_plain: bool) -> Result<Scalar, &'static str> {
    let Some(tag) = tag else {
        return Ok(if is_plain { untagged(text) } else { Scalar::Text });
    };
    let read = match tag.strip_prefix(OWN) {
        Some("null") => Some(Scalar::Null).filter(|null| untagged(text) == *null),
        Some("bool") => Some(untagged(text)).filter(|read| matches!(read, Scalar::Bool(_))),
        Some("int") => {
            Some(untagged(text)).filter(|read| matches!(read, Scalar::Int(_) | Scalar::Large(_)))
        }
        Some("float") => match untagged(text) {
            #[expect(clippy::cast_precision_loss, reason = "as the reader does")]
            Scalar::Int(value) => Some(Scalar::Float(value as f64)),
            Scalar::Float(value) => Some(Scalar::Float(value)),
            _ => None,
        },
        Some("timestamp") => is_timestamp(text).then_some(Scalar::Text),
        Some("binary") => decoded(text),
        _ => Some(Scalar::Text),
    };
    read.ok_or("a value that is not what its tag says")
}

fn untagged(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => number(text).unwrap_or(Scalar::Text),
    }
}

/// Reads a number; nothing where the text is none.
fn number(text: &str) -> Option<Scalar> {
    match text.bytes().next()? {
        b'.' => without_underscores(text).and_then(|plain| decimal(&plain)),
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| decimal(&plain)).or_else(|| signed_binary(&plain))
        }
        _ => None,
    }
}

/// Reads an integer of any base.
fn integer(text: &str) -> Option<Scalar> {
    let (is_negative, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let based = unsigned.strip_prefix('0').filter(|rest| !rest.is_empty());
    let (radix, digits) = match based {
        None => (10, unsigned),
        Some(rest) => match rest.split_at_checked(1) {
            Some(("x" | "X", digits)) => (16, digits),
            Some(("o" | "O", digits)) => (8, digits),
            Some(("b" | "B", digits)) => (2, digits),
            _ => (8, rest),
        },
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if is_negative { -value } else { value };
    match i64::try_from(value) {
        Ok(value) => Some(Scalar::Int(value)),
        Err(_) => u64::try_from(value).ok().filter(|_| text == unsigned).map(Scalar::Large),
    }
}

/// Reads a decimal number.
fn decimal(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
        }
        None => (unsigned, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = all_digits(whole)
        && all_digits(part)
        && !(whole.is_empty() && part.is_empty())
        && exponent.is_none_or(|digits| !digits.is_empty() && all_digits(digits));
    let value = text.parse().ok().filter(|value: &f64| is_number && value.is_finite())?;
    Some(Scalar::Float(value))
}

/// Reads what the reader takes for a binary number beside the others: `0b-1`.
fn signed_binary(text: &str) -> Option<Scalar> {
    i64::from_str_radix(text.strip_prefix("0b")?, 2).ok().map(Scalar::Int)
}

/// Takes the `_` out of a number, where each stands between digits.
fn without_underscores(text: &str) -> Option<String> {
    let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('_').collect();
    let mut pairs = parts.iter().zip(parts.iter().skip(1));
    let is_between =
        |(left, right): (&&str, &&str)| is_digit(left.bytes().last()) && is_digit(right.bytes().next());
    pairs.all(is_between).then(|| parts.concat())
}

/// Tells whether a text begins as a date does.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.split(['T', 't', ' ']).next().unwrap_or_default().splitn(3, '-');
    let mut number = |lengths: &[usize]| {
        let part = parts.next().filter(|part| lengths.contains(&part.len()))?;
        part.parse::<i8>().ok().or_else(|| part.parse::<i16>().is_ok().then_some(0))
    };
    let (year, month, day) = (number(&[4]), number(&[1, 2]), number(&[1, 2]));
    year.is_some() && matches!(month, Some(1..=12)) && matches!(day, Some(1..=31))
}

fn decoded(text: &str) -> Option<Scalar> {
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    Some(Scalar::Decoded(String::from_utf8_lossy(&bytes).into_owned()))
}
