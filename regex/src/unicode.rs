//! Unicode properties, case folding and grapheme breaks, from the tables of `regex-syntax`.
//!
//! PCRE 8.4x has Unicode 7. The tables here are newer, so every answer is cut down to what was assigned in version 7:
//! a code point of later age counts as unassigned.

use crate::chars::Low;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};
use std::cmp::Ordering;
use std::sync::OnceLock;

/// Sorted, disjoint ranges of code points.
pub type Ranges = Vec<(u32, u32)>;

/// The scripts and general categories of Unicode 7 that have a name in PCRE, besides those that are computed in [`property`].
const CATEGORIES: &str =
    "C Cc Cf Cn Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs";
const SCRIPTS: &str = "Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bopomofo Brahmi Braille Buginese Buhid \
Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Common Coptic Cuneiform Cypriot Cyrillic Deseret \
Devanagari Duployan Egyptian_Hieroglyphs Elbasan Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han \
Hangul Hanunoo Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi \
Kannada Katakana Kayah_Li Kharoshthi Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian \
Mahajani Malayalam Mandaic Manichaean Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi \
Mongolian Mro Myanmar Nabataean New_Tai_Lue Nko Ogham Ol_Chiki Old_Italic Old_North_Arabian Old_Permic Old_Persian \
Old_South_Arabian Old_Turkic Oriya Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang \
Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala Sora_Sompeng Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa \
Tai_Le Tai_Tham Tai_Viet Takri Tamil Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Warang_Citi Yi";

const SURROGATES: (u32, u32) = (0xD800, 0xDFFF);
const LAST: u32 = 0x10FFFF;

fn class(pattern: &str) -> ClassUnicode {
    match regex_syntax::parse(pattern).map(regex_syntax::hir::Hir::into_kind) {
        Ok(HirKind::Class(Class::Unicode(c))) => c,
        // A class of one code point is simplified to a literal.
        Ok(HirKind::Literal(l)) => {
            let text = String::from_utf8_lossy(&l.0).into_owned();
            ClassUnicode::new(text.chars().map(|c| ClassUnicodeRange::new(c, c)))
        }
        _ => ClassUnicode::empty(),
    }
}

fn assigned() -> &'static ClassUnicode {
    static AGE: OnceLock<ClassUnicode> = OnceLock::new();
    AGE.get_or_init(|| class(r"\p{Age=7.0}"))
}

fn to_ranges(c: &ClassUnicode) -> Ranges {
    c.ranges().iter().map(|r| (r.start() as u32, r.end() as u32)).collect()
}

/// Of Unicode 7 only.
fn old_class(pattern: &str) -> Ranges {
    let mut c = class(pattern);
    c.intersect(assigned());
    to_ranges(&c)
}

/// Sorted and joined.
pub fn normalise(mut r: Ranges) -> Ranges {
    r.sort_unstable();
    let mut out: Ranges = Vec::with_capacity(r.len());
    for (a, b) in r {
        match out.last_mut() {
            Some(last) if a <= last.1.saturating_add(1) => last.1 = last.1.max(b),
            _ => out.push((a, b)),
        }
    }
    out
}

/// Everything else, up to the last code point. `r` is normalised.
pub fn complement(r: &[(u32, u32)]) -> Ranges {
    let mut out = Vec::with_capacity(r.len() + 1);
    let mut next = 0;
    for (a, b) in r {
        if *a > next {
            out.push((next, a - 1));
        }
        next = b + 1;
    }
    if next <= LAST {
        out.push((next, LAST));
    }
    out
}

fn minus(a: &[(u32, u32)], b: &[(u32, u32)]) -> Ranges {
    let mut joined = complement(a);
    joined.extend_from_slice(b);
    complement(&normalise(joined))
}

/// Those of the property that PCRE calls `name`, or `None` if it knows no such name.
pub fn property(name: &str) -> Option<Ranges> {
    let listed = |list: &str| list.split(' ').any(|n| n == name);
    Some(match name {
        "Any" => vec![(0, LAST)],
        "L&" => categories(&["Lu", "Ll", "Lt"]),
        "Xan" => categories(&["L", "N"]),
        "Xwd" => normalise([categories(&["L", "N"]), vec![(0x5F, 0x5F)]].concat()),
        "Xsp" | "Xps" => {
            let mut r = old_class(r"[\p{Z}\t\n\v\f\r\x{85}\x{180e}]");
            r = normalise(std::mem::take(&mut r));
            r
        }
        "Xuc" => vec![(0x24, 0x24), (0x40, 0x40), (0x60, 0x60), (0xA0, 0xD7FF), (0xE000, LAST)],
        "Cs" => vec![SURROGATES],
        "Cn" | "C" => {
            let mut unassigned = complement(&to_ranges(assigned()));
            if name == "C" {
                unassigned.extend(old_class(r"\p{C}"));
                unassigned.push(SURROGATES);
            } else {
                unassigned.extend(old_class(r"\p{Cn}"));
                unassigned = minus(&normalise(unassigned), &[SURROGATES]);
            }
            normalise(unassigned)
        }
        // What has no script is common.
        "Common" => {
            let mut r = complement(&to_ranges(assigned()));
            r.extend(old_class(r"\p{sc=Common}"));
            r.push(SURROGATES);
            // Private use and noncharacters, too.
            r.extend(old_class(r"[\p{Co}\p{Cn}]"));
            r.extend_from_slice(WERE_COMMON);
            normalise(r)
        }
        "Arabic" | "Armenian" => minus(&old_class(&format!(r"\p{{sc={name}}}")), WERE_COMMON),
        "Devanagari" => normalise([old_class(r"\p{sc=Devanagari}"), WERE_DEVANAGARI.to_vec()].concat()),
        "Inherited" => minus(&old_class(r"\p{sc=Inherited}"), WERE_DEVANAGARI),
        _ if listed(CATEGORIES) => categories(&[name]),
        _ if listed(SCRIPTS) => old_class(&format!(r"\p{{sc={name}}}")),
        _ => return None,
    })
}

/// The code points of any of these categories (`L` or `Lu`) in Unicode 7.
fn categories(names: &[&str]) -> Ranges {
    let class: String = names.iter().map(|n| format!(r"\p{{gc={n}}}")).collect();
    let moved = normalise(MOVED.iter().map(|m| (m.0, m.1)).collect());
    let mut all = minus(&old_class(&format!("[{class}]")), &moved);
    all.extend(MOVED.iter().filter(|m| names.iter().any(|n| m.2.starts_with(n))).map(|m| (m.0, m.1)));
    normalise(all)
}

/// `[:graph:]`, `[:print:]` and `[:punct:]` where `ucp` is set.
pub fn posix_ucp(name: &str) -> Ranges {
    match name {
        "punct" => {
            let mut r = categories(&["P"]);
            // Of the symbols only those of ASCII.
            r.extend(
                [(b'$', b'$'), (b'+', b'+'), (b'<', b'>'), (b'^', b'^'), (b'`', b'`'), (b'|', b'|'), (b'~', b'~')]
                    .map(|(a, b)| (u32::from(a), u32::from(b))),
            );
            normalise(r)
        }
        _ => {
            let print = name == "print";
            let mut out = vec![SURROGATES, (0x061C, 0x061C), (0x2066, 0x2069)];
            for p in if print { ["Zl", "Zp", "Cc", "Cn", "Co"] } else { ["Z", "Z", "Cc", "Cn", "Co"] } {
                out.extend(property(p).unwrap_or_default());
            }
            if !print {
                out.push((0x180E, 0x180E));
            }
            complement(&normalise(out))
        }
    }
}

/// The other code points that are the same letter, for ranges.
pub fn fold(ranges: &[(u32, u32)]) -> Ranges {
    // The usual case at once: the letters of ASCII but k and s have no third case.
    if let [(c, d)] = *ranges
        && c == d
        && let Some(b) = u8::try_from(c).ok().filter(u8::is_ascii)
    {
        let (upper, lower) = (u32::from(b.to_ascii_uppercase()), u32::from(b.to_ascii_lowercase()));
        if upper == lower {
            return vec![(c, c)];
        }
        if !matches!(lower as u8, b'k' | b's') {
            return vec![(upper, upper), (lower, lower)];
        }
    }
    let mut parts = Vec::new();
    for (a, b) in ranges {
        for (lo, hi) in [(*a, (*b).min(0xD7FF)), ((*a).max(0xE000), *b)] {
            if lo <= hi
                && let (Some(x), Some(y)) = (char::from_u32(lo), char::from_u32(hi))
            {
                parts.push(ClassUnicodeRange::new(x, y));
            }
        }
    }
    let mut c = ClassUnicode::new(parts);
    c.intersect(assigned());
    let given = to_ranges(&c);
    c.case_fold_simple();
    c.intersect(assigned());
    let all = to_ranges(&c);
    let mut late = Vec::new();
    for (a, b) in LATE_FOLDS {
        for (here, there) in [(*a, *b), (*b, *a)] {
            if contains(&given, here) && !contains(&given, there) {
                late.push((there, there));
            }
        }
    }
    if late.is_empty() { all } else { minus(&all, &normalise(late)) }
}

/// Pairs that became cases of each other after Unicode 7.
const LATE_FOLDS: &[(u32, u32)] = &[(0x390, 0x1FD3), (0x3B0, 0x1FE3), (0xFB05, 0xFB06)];

/// What Unicode 7 gave another script than later versions: these, which are common now or were then.
const WERE_COMMON: &[(u32, u32)] = &[(0x589, 0x589), (0x61C, 0x61C), (0x660, 0x669)];
const WERE_DEVANAGARI: &[(u32, u32)] = &[(0x953, 0x954)];
/// Code points whose category has changed since, with the one they had.
const MOVED: &[(u32, u32, &str)] = &[
    (0x10D0, 0x10FA, "Lo"),
    (0x10FD, 0x10FF, "Lo"),
    (0x13A0, 0x13F4, "Lo"),
    (0x166D, 0x166D, "Po"),
    (0x1734, 0x1734, "Mn"),
    (0x1885, 0x1886, "Lo"),
    (0x19B0, 0x19C0, "Mc"),
    (0x19C8, 0x19C9, "Mc"),
    (0x1CF2, 0x1CF3, "Mc"),
    (0xA9BD, 0xA9BD, "Mc"),
];

/// The low part of ranges, as bits.
pub fn low_of(ranges: &[(u32, u32)]) -> Low {
    let mut out = [0u64; 4];
    for (a, b) in ranges {
        for c in *a..=(*b).min(255) {
            out[(c / 64) as usize] |= 1 << (c % 64);
        }
    }
    out
}

pub fn contains(ranges: &[(u32, u32)], c: u32) -> bool {
    ranges.binary_search_by(|(a, b)| place((*a, *b), c)).is_ok()
}

/// Where a range lies, seen from `c`.
fn place((first, last): (u32, u32), c: u32) -> Ordering {
    if last < c {
        Ordering::Less
    } else if first > c {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// Letters and digits, as `\b` sees them with `ucp`.
pub fn is_word(c: u32) -> bool {
    static WORD: OnceLock<Ranges> = OnceLock::new();
    contains(WORD.get_or_init(|| property("Xwd").unwrap_or_default()), c)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Break {
    Cr,
    Lf,
    Control,
    Extend,
    SpacingMark,
    L,
    V,
    T,
    Lv,
    Lvt,
    Regional,
    Other,
}

fn break_class(c: u32) -> Break {
    static TABLE: OnceLock<Vec<(u32, u32, Break)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut all = Vec::new();
        for (name, class) in [
            (r"\p{GCB=CR}", Break::Cr),
            (r"\p{GCB=LF}", Break::Lf),
            (r"[\p{GCB=Control}\p{GCB=Prepend}]", Break::Control),
            (r"[\p{GCB=Extend}\p{GCB=ZWJ}]", Break::Extend),
            (r"\p{GCB=SpacingMark}", Break::SpacingMark),
            (r"\p{GCB=L}", Break::L),
            (r"\p{GCB=V}", Break::V),
            (r"\p{GCB=T}", Break::T),
            (r"\p{GCB=LV}", Break::Lv),
            (r"\p{GCB=LVT}", Break::Lvt),
            (r"\p{GCB=Regional_Indicator}", Break::Regional),
        ] {
            all.extend(old_class(name).into_iter().map(|(a, b)| (a, b, class)));
        }
        all.sort_unstable();
        all
    });
    match table.binary_search_by(|(a, b, _)| place((*a, *b), c)) {
        Ok(i) => table.get(i).map_or(Break::Other, |t| t.2),
        Err(_) => Break::Other,
    }
}

/// Whether a grapheme goes on from `left` to `right`.
pub fn joined(left: u32, right: u32) -> bool {
    use Break::*;
    let (l, r) = (break_class(left), break_class(right));
    match l {
        Cr => r == Lf,
        Lf | Control => false,
        _ if matches!(r, Extend | SpacingMark) => true,
        L => matches!(r, L | V | Lv | Lvt),
        V | Lv => matches!(r, V | T),
        T | Lvt => r == T,
        Regional => r == Regional,
        _ => false,
    }
}
