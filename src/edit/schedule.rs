//! When a CronJob runs: five fields, or a word, as its controller reads them.

use std::ops::RangeInclusive;

/// A text that is no schedule.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It has more or fewer fields, or is another word.
    #[error(
        "it is not MINUTE HOUR DAY MONTH WEEKDAY, nor @hourly, @daily, @weekly, @monthly or @yearly"
    )]
    Shape,
    /// A time zone is a field of its own, which the API server insists on.
    #[error("it gives a time zone, which is spec.timeZone of a CronJob")]
    Zone,
    /// One of the fields.
    #[error("its {0} `{1}` is none")]
    Field(&'static str, String),
}

/// A field: what it is called, what it may be, and its names from the first value on.
struct Field {
    name: &'static str,
    range: RangeInclusive<u8>,
    names: &'static [&'static str],
}

const WORDS: [&str; 7] =
    ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];
const FIELDS: [Field; 5] = [
    Field { name: "minute", range: 0..=59, names: &[] },
    Field { name: "hour", range: 0..=23, names: &[] },
    Field { name: "day", range: 1..=31, names: &[] },
    Field {
        name: "month",
        range: 1..=12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field { name: "weekday", range: 0..=6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/// Tells whether a schedule that is one runs at least once a day.
pub fn is_daily(text: &str) -> bool {
    let parts: Vec<&str> = text.split_whitespace().collect();
    match *parts {
        [word] => matches!(word, "@hourly" | "@daily" | "@midnight"),
        [_, _, day, month, weekday] => {
            [day, month, weekday].iter().all(|part| matches!(*part, "*" | "?"))
        }
        _ => false,
    }
}

/// Checks a schedule.
///
/// # Errors
/// What of it is wrong.
pub fn check(text: &str) -> Result<(), ScheduleError> {
    if text.contains("TZ=") {
        return Err(ScheduleError::Zone);
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    match *parts {
        [word] if WORDS.contains(&word) => return Ok(()),
        _ if parts.len() != FIELDS.len() => return Err(ScheduleError::Shape),
        _ => {}
    }
    let wrong =
        FIELDS.iter().zip(&parts).find(|(field, part)| !part.split(',').all(|one| field.has(one)));
    match wrong {
        Some((field, part)) => Err(ScheduleError::Field(field.name, (*part).to_owned())),
        None => Ok(()),
    }
}

impl Field {
    /// Tells whether it has `*`, `7`, `1-5`, `*/15`, `mon-fri`.
    fn has(&self, text: &str) -> bool {
        let (values, step) = text.split_once('/').map_or((text, None), |(own, step)| (own, Some(step)));
        let is_step = |step: &str| step.parse::<u8>().is_ok_and(|step| step > 0);
        let is_range = match values.split_once('-') {
            Some((low, high)) => match (self.value(low), self.value(high)) {
                (Some(low), Some(high)) => low <= high,
                _ => false,
            },
            None => matches!(values, "*" | "?") || self.value(values).is_some(),
        };
        is_range && step.is_none_or(is_step)
    }

    fn value(&self, text: &str) -> Option<u8> {
        let is_number = text.chars().all(|c| c.is_ascii_digit());
        let named = || {
            let place = self.names.iter().position(|name| text.eq_ignore_ascii_case(name))?;
            Some(self.range.start() + u8::try_from(place).ok()?)
        };
        let value = if is_number { text.parse().ok()? } else { named()? };
        self.range.contains(&value).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{ScheduleError, check};

    #[test]
    fn what_the_controller_reads_passes_and_the_field_that_is_wrong_is_named() {
        let right =
            ["*/15 * * * *", "@hourly", "0 3 1,15 * ?", "5-55/10 0-23 * JAN-Mar mon-fri", "0 0 * * 0"];
        for schedule in right {
            assert_eq!(check(schedule), Ok(()), "{schedule}");
        }
        let field = |name, text: &str| Err(ScheduleError::Field(name, text.to_owned()));
        assert_eq!(check("60 * * * *"), field("minute", "60"));
        assert_eq!(check("0 24 * * *"), field("hour", "24"));
        assert_eq!(check("0 0 0 * *"), field("day", "0"));
        assert_eq!(check("0 0 * 13 *"), field("month", "13"));
        assert_eq!(check("0 0 * * 7"), field("weekday", "7"));
        assert_eq!(check("*/0 * * * *"), field("minute", "*/0"));
        assert_eq!(check("5-1 * * * *"), field("minute", "5-1"));
        assert_eq!(check("1,, * * * *"), field("minute", "1,,"));
        assert_eq!(check("*/15 * * *"), Err(ScheduleError::Shape));
        assert_eq!(check(""), Err(ScheduleError::Shape));
        assert_eq!(check("@reboot"), Err(ScheduleError::Shape));
        assert_eq!(check("TZ=UTC 0 0 * * *"), Err(ScheduleError::Zone));
    }
}
