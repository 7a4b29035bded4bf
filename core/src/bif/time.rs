//! Clocks, dates, unique integers, references. The only time zone is UTC.

use super::support::unit_per_second;
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::{number, refs};
use crate::term::{MIN_SMALL, Term};

pub const BIFS: &[Bif] = &[
    bif("erlang", "make_ref", 0, make_ref),
    bif("erlang", "unique_integer", 0, |c, _| unique_integer(c, Term::NIL)),
    bif("erlang", "unique_integer", 1, |c, a| unique_integer(c, a[0])),
    bif("erlang", "monotonic_time", 0, |c, _| in_native(c, monotonic)),
    bif("erlang", "monotonic_time", 1, |c, a| in_unit(c, a[0], monotonic)),
    bif("erlang", "system_time", 0, |c, _| in_native(c, system)),
    bif("erlang", "system_time", 1, |c, a| in_unit(c, a[0], system)),
    bif("os", "system_time", 0, |c, _| in_native(c, system)),
    bif("os", "system_time", 1, |c, a| in_unit(c, a[0], system)),
    bif("os", "perf_counter", 0, |c, _| in_native(c, |c| c.sys.now_ns() as i128)),
    bif("os", "perf_counter", 1, |c, a| in_unit(c, a[0], |c| c.sys.now_ns() as i128)),
    bif("erlang", "time_offset", 0, |c, _| in_native(c, offset)),
    bif("erlang", "time_offset", 1, |c, a| in_unit(c, a[0], offset)),
    bif("erlang", "convert_time_unit", 3, convert),
    bif("erts_internal", "time_unit", 0, |_, _| Ok(Term::small(1_000_000_000))),
    bif("erts_internal", "perf_counter_unit", 0, |_, _| Ok(Term::small(1_000_000_000))),
    bif("erlang", "timestamp", 0, timestamp),
    bif("os", "timestamp", 0, timestamp),
    bif("erlang", "now", 0, now),
    bif("erlang", "date", 0, |c, _| current(c).and_then(|t| c.sys.date_of(t)).and_then(|(d, _)| c.triple(d))),
    bif("erlang", "time", 0, |c, _| current(c).and_then(|t| c.sys.date_of(t)).and_then(|(_, t)| c.triple(t))),
    bif("erlang", "localtime", 0, |c, _| current(c).and_then(|t| c.date_time(t))),
    bif("erlang", "universaltime", 0, |c, _| current(c).and_then(|t| c.date_time(t))),
    bif("erlang", "universaltime_to_localtime", 1, |c, a| same_date(c, a[0])),
    bif("erlang", "localtime_to_universaltime", 1, |c, a| same_date(c, a[0])),
    bif("erlang", "localtime_to_universaltime", 2, |c, a| {
        if a[1].as_bool().is_none() && !a[1].is(am::UNDEFINED) {
            return Err(c.badarg());
        }
        same_date(c, a[0])
    }),
    bif("erlang", "universaltime_to_posixtime", 1, to_posix),
    bif("erlang", "posixtime_to_universaltime", 1, from_posix),
];

/// The monotonic clock starts at the least small integer, as OTP's does, so that its readings stay small for long.
pub fn monotonic(ctx: &mut Ctx<'_>) -> i128 {
    MIN_SMALL as i128 + ctx.sys.now_ns() as i128
}

fn system(ctx: &mut Ctx<'_>) -> i128 {
    ctx.sys.system_ns() as i128
}

fn offset(ctx: &mut Ctx<'_>) -> i128 {
    system(ctx) - monotonic(ctx)
}

fn in_native(ctx: &mut Ctx<'_>, clock: impl FnOnce(&mut Ctx<'_>) -> i128) -> BifResult {
    let t = clock(ctx);
    ctx.wide_int(t)
}

fn in_unit(ctx: &mut Ctx<'_>, unit: Term, clock: impl FnOnce(&mut Ctx<'_>) -> i128) -> BifResult {
    let Some(per_second) = unit_per_second(ctx.sys.mem(), unit) else { return Err(ctx.badarg()) };
    let ns = clock(ctx);
    ctx.wide_int(scale(ns, 1_000_000_000, per_second))
}

/// Converts a number of units of `from` a second to units of `to` a second, rounding down.
fn scale(t: i128, from: i128, to: i128) -> i128 {
    let (whole, rest) = (t.div_euclid(from), t.rem_euclid(from));
    whole.saturating_mul(to).saturating_add((rest * to).div_euclid(from))
}

fn convert(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let (Some(from), Some(to)) = (unit_per_second(mem, args[1]), unit_per_second(mem, args[2])) else {
        return Err(ctx.badarg());
    };
    let Some(time) = number::to_bigint(mem, args[0]) else { return Err(ctx.badarg()) };
    let product = time * num_bigint::BigInt::from(to);
    let (whole, rest) = (&product / from, &product % from);
    let below = rest.sign() == num_bigint::Sign::Minus;
    let result = if below { whole - 1 } else { whole };
    Ok(number::from_bigint(ctx, &result)?)
}

fn make_ref(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let id = ctx.sys.fresh_ref();
    Ok(refs::make(ctx, id)?)
}

fn unique_integer(ctx: &mut Ctx<'_>, options: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let mut positive = false;
    let mut t = options;
    while t.is_list() {
        match mem.head(t).as_atom() {
            Some(am::POSITIVE) => positive = true,
            Some(am::MONOTONIC) => {}
            _ => return Err(ctx.badarg()),
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg());
    }
    let n = ctx.sys.fresh_unique() as i64;
    ctx.int(if positive { n } else { n.wrapping_add(MIN_SMALL) })
}

fn timestamp(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let us = ctx.sys.system_ns().div_euclid(1000);
    ctx.mega_seconds(us)
}

/// As `timestamp`, but never the same twice and never going back.
fn now(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let us = ctx.sys.system_ns().div_euclid(1000).max(ctx.sys.last_now_us + 1);
    ctx.sys.last_now_us = us;
    ctx.mega_seconds(us)
}

/// Seconds since 1970.
fn current(ctx: &mut Ctx<'_>) -> Result<i64, Fault> {
    Ok(ctx.sys.system_ns().div_euclid(1_000_000_000))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date that is so many days after 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(m <= 2), m, d)
}

type Triple = (i64, i64, i64);

impl crate::system::System {
    fn date_of(&self, seconds: i64) -> Result<(Triple, Triple), Fault> {
        let s = seconds.rem_euclid(86_400);
        Ok((civil_from_days(seconds.div_euclid(86_400)), (s / 3600, s / 60 % 60, s % 60)))
    }
}

impl Ctx<'_> {
    /// An integer of any size that a clock can give.
    fn wide_int(&mut self, value: i128) -> BifResult {
        Ok(number::from_i128(self, value)?)
    }

    fn triple(&mut self, t: Triple) -> BifResult {
        self.tuple(&[Term::small(t.0), Term::small(t.1), Term::small(t.2)])
    }

    fn date_time(&mut self, seconds: i64) -> BifResult {
        let (date, time) = self.sys.date_of(seconds)?;
        let (date, time) = (self.triple(date)?, self.triple(time)?);
        self.tuple(&[date, time])
    }

    fn mega_seconds(&mut self, us: i64) -> BifResult {
        let (s, us) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
        self.triple((s.div_euclid(1_000_000), s.rem_euclid(1_000_000), us))
    }
}

/// Seconds since 1970 of `{{Y,Mo,D},{H,Mi,S}}`, if that is a date.
fn parse_date(ctx: &Ctx<'_>, term: Term) -> Option<i64> {
    let mem = ctx.sys.mem();
    let triple = |t: Term| -> Option<Triple> {
        if mem.tuple_arity(t) != Some(3) {
            return None;
        }
        Some((mem.element(t, 1).as_small()?, mem.element(t, 2).as_small()?, mem.element(t, 3).as_small()?))
    };
    if mem.tuple_arity(term) != Some(2) {
        return None;
    }
    let (y, mo, d) = triple(mem.element(term, 1))?;
    let (h, mi, s) = triple(mem.element(term, 2))?;
    let valid = (1..=9999).contains(&y)
        && (1..=12).contains(&mo)
        && d >= 1
        && civil_from_days(days_from_civil(y, mo, d)) == (y, mo, d)
        && (0..24).contains(&h)
        && (0..60).contains(&mi)
        && (0..60).contains(&s);
    valid.then(|| days_from_civil(y, mo, d) * 86_400 + h * 3600 + mi * 60 + s)
}

fn same_date(ctx: &mut Ctx<'_>, date: Term) -> BifResult {
    match parse_date(ctx, date) {
        Some(t) => ctx.date_time(t),
        None => Err(ctx.badarg()),
    }
}

fn to_posix(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match parse_date(ctx, args[0]) {
        Some(t) => ctx.int(t),
        None => Err(ctx.badarg()),
    }
}

fn from_posix(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match args[0].as_small() {
        // The years that a date may have.
        Some(t) if (-62_135_596_800..=253_402_300_799).contains(&t) => ctx.date_time(t),
        _ => Err(ctx.badarg()),
    }
}
