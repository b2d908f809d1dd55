//! Dates and durations as text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The seconds since 1970 by the system's clock.
pub(crate) fn system_seconds() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).unwrap_or(i64::MAX)
}

/// A moment as HTTP headers have it: `Sun, 06 Nov 1994 08:49:37 GMT`. What is before 1970 is written as its start.
pub(crate) fn http_date(seconds: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = seconds.max(0);
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_date(days);
    let (weekday, month) = (WEEKDAYS[(days % 7) as usize], MONTHS[month as usize - 1]);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// A moment as `X-Date` has it: `19941106T084937Z`.
pub(crate) fn basic_date(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (year, month, day) = civil_date(seconds / 86_400);
    let time = seconds % 86_400;
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", time / 3600, time / 60 % 60, time % 60)
}

/// The moment that `X-Date` names; `None` for a text of another form.
pub(crate) fn parse_basic_date(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 14 {
        return None;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<i64>().ok();
    let days = days_until(number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let seconds = days * 86_400 + number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?;
    // What does not come back the same has another form, or a 13th month.
    (basic_date(seconds) == text).then_some(seconds)
}

/// A duration as Go prints it, which is how the service does.
pub(crate) fn go_duration(duration: Duration) -> String {
    if duration >= Duration::from_secs(1) {
        format!("{}s", duration.as_micros() as f64 / 1e6)
    } else {
        format!("{}ms", duration.as_micros() as f64 / 1e3)
    }
}

/// Year, month and day of a day counted from 1970-01-01: Howard Hinnant's `civil_from_days`, for days that are not negative.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The day counted from 1970-01-01: the inverse of [`civil_date`], Howard Hinnant's `days_from_civil`.
fn days_until(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_durations_read_as_the_standards_have_them() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(go_duration(Duration::from_micros(3_940_546)), "3.940546s");
        assert_eq!(go_duration(Duration::from_micros(6_005)), "6.005ms");
    }
    #[test]
    fn the_date_of_a_signature_is_read_in_its_one_form() {
        for seconds in [0, 784_111_777, 951_782_400, 1_709_164_799, 4_102_444_799] {
            assert_eq!(parse_basic_date(&basic_date(seconds)), Some(seconds));
        }
        assert_eq!(basic_date(784_111_777), "19941106T084937Z");
        for text in
            ["", "19941106084937", "1994-11-06T08:49:37Z", "19941306T084937Z", "19941106T084960Z", "1994110６T084937Z"]
        {
            assert_eq!(parse_basic_date(text), None, "{text}");
        }
    }
}
