//! Floats as text and back, with OTP's choices: the shortest form, fixed decimals, scientific, and the strict syntax of
//! `list_to_float/1`. Mirrors `sys_double_to_chars_*`, `sys_chars_to_double` and the last step of `ryu/d2s.c`.

/// OTP formats into a buffer of this size; what needs more is `badarg`.
const BUFFER: usize = 256;

/// The shortest text that reads back as the same float, as `[short]` and `~w` give it.
pub fn shortest(f: f64) -> String {
    if f == 0.0 {
        return if f.is_sign_negative() { "-0.0" } else { "0.0" }.into();
    }
    let text = format!("{:e}", f.abs());
    // Of two shortest texts that are equally near OTP takes the one with the even last digit, as rounding to so many digits does.
    let even = format!(
        "{:.*e}",
        text.bytes().take_while(|c| *c != b'e').filter(u8::is_ascii_digit).count().saturating_sub(1),
        f.abs()
    );
    let text = if even.parse() == Ok(f.abs()) { even } else { text };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let scientific: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let len = digits.len() as i32;
    // The value is digits * 10^exponent.
    let exponent = scientific - len + 1;
    let (lower, upper) = match len {
        1 => (-4, 2),
        _ if scientific >= 10 => (-(len + 2), 2),
        _ => (-(len + 2), 1),
    };
    let value: u64 = digits.parse().unwrap_or(0);
    let beyond_exact = value >= 1 << 53 && exponent == 0
        || value > (1 << 52) / 5 && exponent == 1
        || value > (1 << 51) / 25 && exponent == 2;
    let sign = if f < 0.0 { "-" } else { "" };
    if !(lower..=upper).contains(&exponent) || beyond_exact {
        let (first, rest) = digits.split_at(1);
        return format!("{sign}{first}.{}e{scientific}", if rest.is_empty() { "0" } else { rest });
    }
    let whole = len + exponent;
    if exponent >= 0 {
        format!("{sign}{digits}{}.0", "0".repeat(exponent as usize))
    } else if whole > 0 {
        let (w, d) = digits.split_at(whole as usize);
        format!("{sign}{w}.{d}")
    } else {
        format!("{sign}0.{}{digits}", "0".repeat(-whole as usize))
    }
}

/// `{scientific, Decimals}`, and with 20 the default of `float_to_list/1`. `None` if it doesn't fit OTP's buffer.
pub fn scientific(f: f64, decimals: usize) -> Option<String> {
    if decimals >= BUFFER {
        return None;
    }
    let text = format!("{:.*e}", decimals, f);
    let (mantissa, exponent) = text.split_once('e')?;
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(d) => ('-', d),
        None => ('+', exponent),
    };
    let out = format!("{mantissa}e{sign}{digits:0>2}");
    (out.len() < BUFFER).then_some(out)
}

/// `{decimals, Decimals}`; `compact` drops trailing zeros but one. `None` if it doesn't fit OTP's buffer.
pub fn fixed(f: f64, decimals: usize, compact: bool) -> Option<String> {
    if decimals >= BUFFER {
        return None;
    }
    let a = f.abs();
    let mut out = if a > (1u64 << 53) as f64 || decimals > 18 {
        format!("{f:.decimals$}")
    } else {
        // OTP's quick way: the fraction is scaled and rounded, halves away from zero.
        let sign = if f.is_sign_negative() { "-" } else { "" };
        if decimals == 0 {
            return Some(format!("{sign}{}", a.round() as u64));
        }
        let scale = 10f64.powi(decimals as i32);
        let mut whole = a.floor() as u64;
        let scaled = ((a - a.floor()) * scale).round();
        let mut fraction = scaled as u64;
        if scaled >= scale {
            whole += 1;
            fraction = 0;
        }
        format!("{sign}{whole}.{fraction:0decimals$}")
    };
    if out.len() >= BUFFER {
        return None;
    }
    if compact && decimals > 0 {
        out.truncate(out.trim_end_matches('0').len());
        if out.ends_with('.') {
            out.push('0');
        }
    }
    Some(out)
}

/// Length of the float that the text starts with, when it has digits, a point (or comma), digits, and maybe an exponent.
fn syntax(text: &[u8]) -> Option<usize> {
    let digits = |mut i: usize| {
        let start = i;
        while text.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        (i > start).then_some(i)
    };
    let sign = |i: usize| i + text.get(i).is_some_and(|c| matches!(c, b'+' | b'-')) as usize;
    let i = digits(sign(0))?;
    if !matches!(text.get(i), Some(b'.' | b',')) {
        return None;
    }
    let i = digits(i + 1)?;
    if !matches!(text.get(i), Some(b'e' | b'E')) {
        return Some(i);
    }
    Some(digits(sign(i + 1)).unwrap_or(i))
}

fn value(text: &[u8]) -> Option<f64> {
    let text: Vec<u8> = text.iter().map(|c| if *c == b',' { b'.' } else { *c }).collect();
    let f: f64 = std::str::from_utf8(&text).ok()?.parse().ok()?;
    f.is_finite().then_some(f)
}

/// The float that is the whole text.
pub fn parse(text: &[u8]) -> Option<f64> {
    if syntax(text)? == text.len() { value(text) } else { None }
}

/// The float that the text starts with, and its length.
pub fn parse_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let n = syntax(text)?;
    Some((value(text.get(..n)?)?, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_floats_is_otps() {
        for line in include_str!("../../testdata/floats.txt").lines() {
            let mut part = line.split(' ');
            let bits = part.next().unwrap();
            let f = f64::from_bits(u64::from_str_radix(bits.trim_start_matches('f'), 16).unwrap());
            let text = match part.next().unwrap().parse().unwrap() {
                0 => scientific(f, 20),
                1 => Some(shortest(f)),
                2 => fixed(f, 0, false),
                3 => fixed(f, 2, false),
                4 => fixed(f, 4, true),
                5 => fixed(f, 10, false),
                6 => fixed(f, 20, true),
                7 => fixed(f, 253, false),
                8 => scientific(f, 0),
                9 => scientific(f, 3),
                10 => scientific(f, 15),
                11 => scientific(f, 20),
                12 => scientific(f, 249),
                13 => scientific(f, 5),
                14 => fixed(f, 1, false),
                other => panic!("{other}"),
            };
            assert_eq!(text.as_deref().unwrap_or("badarg"), part.next().unwrap(), "{line}");
            assert_eq!(parse(shortest(f).as_bytes()).map(f64::to_bits), Some(f.to_bits()));
        }
    }
}
