//! The lexer: text to tokens, comments kept aside.
//!
//! Invariants: always terminates with one `Eof` token; token spans ascend and do not overlap; a bad token is reported once
//! and stands as `Tok::Error` or as a token with a usable value, so the parser reports nothing about it again.
//! Newlines and `;` are white space: they never end anything.

use crate::ast::{Name, Span};
use crate::diag::Diagnostic;
use unicode_general_category::{GeneralCategory as Gc, get_general_category};

macro_rules! words {
    ($($variant:ident $text:literal),+ $(,)?) => {
        /// A reserved word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kw { $($variant),+ }
        /// All spellings.
        pub const KEYWORDS: &[&str] = &[$($text),+];
        impl Kw {
            /// By spelling.
            pub fn by_name(text: &str) -> Option<Kw> {
                match text { $($text => Some(Kw::$variant),)+ _ => None }
            }
            /// Spelling.
            pub fn text(self) -> &'static str {
                match self { $(Kw::$variant => $text),+ }
            }
        }
    };
}

words! {
    Test "test", Expect "expect", Agent "agent", Intent "intent", On "on", Stream "stream", Emit "emit", Type "type", Fun "fun",
    Extern "extern", Import "import", Return "return", Break "break", Continue "continue", Let "let", Var "var", If "if",
    Else "else", Then "then", For "for", While "while", In "in", Generate "generate", Match "match", Fetch "fetch", Load "load",
    Save "save", Package "package", Export "export", Fact "fact", Rule "rule", All "all", None "none", True "true", False "false",
}

macro_rules! puncts {
    ($($variant:ident $text:literal),+ $(,)?) => {
        /// An operator or punctuation mark.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum P { $($variant),+ }
        impl P {
            /// Spelling.
            pub fn text(self) -> &'static str {
                match self { $(P::$variant => $text),+ }
            }
        }
        /// Longest first.
        const PUNCTS: &[(&str, P)] = &[$(($text, P::$variant)),+];
    };
}

puncts! {
    EqEq "==", NotEq "!=", LtEq "<=", GtEq ">=", AndAnd "&&", OrOr "||", Arrow "=>", Turnstile ":-", DotDot "..", Coalesce "??",
    Minus "-", Plus "+", Star "*", Slash "/", Percent "%", Assign "=", Lt "<", Gt ">", Bang "!", Pipe "|", LBrace "{", RBrace "}",
    LBracket "[", RBracket "]", LParen "(", RParen ")", Comma ",", Dot ".", Colon ":", Question "?",
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Tok {
    Ident(Name),
    Kw(Kw),
    P(P),
    Int(i64),
    Float(f64),
    Str(Name),
    /// Already reported.
    Error,
    Eof,
}

/// A token at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub tok: Tok,
    pub span: Span,
    /// First on its line?
    pub first: bool,
    /// Bytes between the start of its line and it.
    pub column: u32,
}

/// A whole text, lexed.
#[derive(Clone, Debug, Default)]
pub struct Lexed {
    /// Ends with `Eof`.
    pub tokens: Vec<Token>,
    pub comments: Vec<Span>,
    pub diagnostics: Vec<Diagnostic>,
    /// A string or comment ran to the end of the file: what the parser misses there is no news.
    pub unterminated: bool,
}

fn is_name_start(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '_' => true,
        c if c.is_ascii() => false,
        c => matches!(
            get_general_category(c),
            Gc::UppercaseLetter
                | Gc::LowercaseLetter
                | Gc::TitlecaseLetter
                | Gc::ModifierLetter
                | Gc::OtherLetter
                | Gc::OtherSymbol
        ),
    }
}

fn is_name_part(c: char) -> bool {
    match c {
        '0'..='9' => true,
        c if c.is_ascii() => is_name_start(c),
        c => {
            is_name_start(c)
                || matches!(get_general_category(c), Gc::DecimalNumber | Gc::LetterNumber | Gc::OtherNumber)
        }
    }
}

/// Lex a whole text.
pub fn lex(source: &str) -> Lexed {
    let mut lexer = Lexer { source, at: 0, line_start: 0, fresh_line: true, out: Lexed::default() };
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line_start: usize,
    fresh_line: bool,
    out: Lexed,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn report(&mut self, d: Diagnostic) {
        self.out.diagnostics.push(d);
    }

    fn push(&mut self, tok: Tok, start: usize, line_start: usize) {
        self.out.tokens.push(Token {
            tok,
            span: Span::new(start, self.at),
            first: std::mem::take(&mut self.fresh_line),
            column: (start - line_start) as u32,
        });
    }

    fn newline(&mut self, after: usize) {
        self.line_start = after;
        self.fresh_line = true;
    }

    fn run(&mut self) {
        if self.source.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
            self.line_start = self.at;
        }
        while let Some(c) = self.peek() {
            let start = self.at;
            let line_start = self.line_start;
            match c {
                '\n' => {
                    self.at += 1;
                    self.newline(self.at);
                }
                ' ' | '\t' | '\r' | ';' => self.at += 1,
                '#' => self.line_comment(),
                '/' if self.rest().starts_with("//") => self.line_comment(),
                '/' if self.rest().starts_with("/*") => self.block_comment(),
                '"' => {
                    let tok = self.string();
                    self.push(tok, start, line_start);
                }
                '0'..='9' => {
                    let tok = self.number();
                    self.push(tok, start, line_start);
                }
                c if is_name_start(c) => {
                    let len = self.rest().find(|c| !is_name_part(c)).unwrap_or(self.rest().len());
                    self.at += len;
                    let text = self.source.get(start..self.at).unwrap_or_default();
                    let tok = match Kw::by_name(text) {
                        Some(kw) => Tok::Kw(kw),
                        None => Tok::Ident(text.into()),
                    };
                    self.push(tok, start, line_start);
                }
                c => {
                    let found = PUNCTS.iter().find(|(text, _)| self.rest().starts_with(text));
                    match found {
                        Some(&(text, p)) => {
                            self.at += text.len();
                            self.push(Tok::P(p), start, line_start);
                        }
                        None => self.stray(c),
                    }
                }
            }
        }
        let line_start = self.line_start;
        self.push(Tok::Eof, self.at, line_start);
    }

    fn line_comment(&mut self) {
        let start = self.at;
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        let text = self.source.get(start..self.at).unwrap_or_default();
        self.out.comments.push(Span::new(start, start + text.trim_end().len()));
    }

    fn block_comment(&mut self) {
        let start = self.at;
        match self.rest().find("*/") {
            Some(n) if n >= 2 => self.at += n + 2,
            // `/*/` does not close itself.
            _ => match self.rest().get(3..).and_then(|r| r.find("*/")) {
                Some(n) => self.at += n + 5,
                None => {
                    self.at = self.source.len();
                    self.out.unterminated = true;
                    self.report(
                        Diagnostic::error(
                            "P042",
                            Span::new(start, start + 2),
                            "this comment is never closed, so it swallows the rest of the file",
                        )
                        .help("close it with `*/`, or use `//` for a comment that ends with its line"),
                    );
                }
            },
        }
        if let Some(n) = self.source.get(start..self.at).and_then(|t| t.rfind('\n')) {
            self.newline(start + n + 1);
        }
        self.out.comments.push(Span::new(start, self.at));
    }

    /// A character that starts no token. A run of them is one report.
    fn stray(&mut self, c: char) {
        let start = self.at;
        let line_start = self.line_start;
        if c == '\'' || c == '`' {
            // Someone else's string: take it whole, if it closes on this line.
            let body = self.rest().get(1..).unwrap_or_default();
            let len = body.find(['\n', c]).filter(|n| body.get(*n..).is_some_and(|r| r.starts_with(c)));
            self.at += len.map_or(1, |n| n + 2);
            let d = Diagnostic::error(
                "P001",
                Span::new(start, self.at),
                format!("strings are written with double quotes, not with {c}"),
            );
            self.report(d.help("write \"..\"; a double-quoted string may also span several lines"));
            self.push(Tok::Str("".into()), start, line_start);
            return;
        }
        self.at += c.len_utf8();
        while let Some(c) = self.peek() {
            let known = c.is_ascii_alphanumeric()
                || is_name_start(c)
                || matches!(c, ' ' | '\t' | '\r' | '\n' | ';' | '#' | '"' | '\'' | '`')
                || PUNCTS.iter().any(|(t, _)| t.starts_with(c));
            if known {
                break;
            }
            self.at += c.len_utf8();
        }
        let help = match c {
            '&' => "`&&` is the logical and; Mochi has no bitwise operators",
            '^' | '~' => "Mochi has no bitwise operators",
            '\\' => "a backslash has a meaning only inside a string",
            '@' | '$' => "names are letters, digits and `_`",
            c if c.is_whitespace() || c.is_control() => {
                "this is an unusual white-space or control character; use an ordinary space"
            }
            _ => "remove it, or put it into a string",
        };
        let shown: String =
            if c.is_control() || c.is_whitespace() { format!("U+{:04X}", c as u32) } else { format!("`{c}`") };
        let d =
            Diagnostic::error("P001", Span::new(start, self.at), format!("the character {shown} has no meaning here"))
                .help(help);
        self.report(d);
        self.push(Tok::Error, start, line_start);
    }

    fn string(&mut self) -> Tok {
        let start = self.at;
        let fresh = self.fresh_line;
        let mut bytes: Vec<u8> = Vec::new();
        self.at += 1;
        loop {
            let Some(c) = self.peek() else {
                self.out.unterminated = true;
                self.report(
                    Diagnostic::error(
                        "P040",
                        Span::new(start, start + 1),
                        "this string is never closed, so it swallows the rest of the file",
                    )
                    .help("close it with `\"`; inside a string write a quote as `\\\"`"),
                );
                break;
            };
            let here = self.at;
            self.at += c.len_utf8();
            match c {
                '"' => break,
                '\n' => {
                    bytes.push(b'\n');
                    self.newline(self.at);
                }
                '\\' => self.escape(here, &mut bytes),
                c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        // A token is first on its line by where it starts.
        self.fresh_line = fresh;
        Tok::Str(String::from_utf8_lossy(&bytes).into())
    }

    /// After the backslash at `start`.
    fn escape(&mut self, start: usize, bytes: &mut Vec<u8>) {
        let Some(c) = self.peek() else { return };
        self.at += c.len_utf8();
        let simple = match c {
            '\\' | '"' | '\'' => Some(c as u8),
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'v' => Some(11),
            _ => None,
        };
        if let Some(b) = simple {
            bytes.push(b);
            return;
        }
        let (digits, radix, from) = match c {
            'x' => (2, 16, self.at),
            'u' => (4, 16, self.at),
            'U' => (8, 16, self.at),
            '0'..='7' => (3, 8, self.at - 1),
            _ => (0, 16, self.at),
        };
        let text = self.source.get(from..from + digits).filter(|t| digits > 0 && t.chars().all(|c| c.is_digit(radix)));
        let value = text.and_then(|t| u32::from_str_radix(t, radix).ok());
        match (value, c) {
            (Some(v), 'x' | '0'..='7') if v < 256 => {
                self.at = from + digits;
                bytes.push(v as u8);
                return;
            }
            (Some(v), 'u' | 'U') => {
                if let Some(ch) = char::from_u32(v) {
                    self.at = from + digits;
                    bytes.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes());
                    return;
                }
            }
            _ => {}
        }
        let help = match c {
            'x' => "`\\x` takes exactly two hexadecimal digits",
            'u' => "`\\u` takes exactly four hexadecimal digits of a Unicode character",
            'U' => "`\\U` takes exactly eight hexadecimal digits of a Unicode character",
            '0'..='7' => "an octal escape has exactly three digits, at most \\377",
            _ => {
                "known are \\\\ \\\" \\' \\a \\b \\f \\n \\r \\t \\v \\xHH \\ooo \\uHHHH \\UHHHHHHHH; a backslash itself is `\\\\`"
            }
        };
        if c == '\n' {
            self.newline(self.at);
        }
        self.report(
            Diagnostic::error("P041", Span::new(start, self.at), "this is no escape sequence that Mochi knows")
                .help(help),
        );
    }

    fn number(&mut self) -> Tok {
        let start = self.at;
        let rest = self.rest();
        let prefix = rest.get(..2).unwrap_or_default();
        let radix = match prefix {
            "0x" | "0X" => 16,
            "0b" | "0B" => 2,
            "0o" | "0O" => 8,
            _ => 10,
        };
        let body = if radix == 10 { rest } else { rest.get(2..).unwrap_or_default() };
        let digits = body.find(|c: char| !c.is_digit(radix)).unwrap_or(body.len());
        let mut len = digits + if radix == 10 { 0 } else { 2 };
        let mut float = false;
        if radix == 10 {
            let run = |from: usize| rest.get(from..).map_or(0, |r| r.bytes().take_while(u8::is_ascii_digit).count());
            if rest.get(len..).is_some_and(|r| r.starts_with('.')) && run(len + 1) > 0 {
                float = true;
                len += 1 + run(len + 1);
            }
            if rest.get(len..).is_some_and(|r| r.starts_with(['e', 'E'])) {
                let sign = usize::from(rest.get(len + 1..).is_some_and(|r| r.starts_with(['+', '-'])));
                let n = run(len + 1 + sign);
                if n > 0 {
                    float = true;
                    len += 1 + sign + n;
                }
            }
        }
        // What is glued to it belongs to it, for one report instead of two.
        let tail = rest.get(len..).unwrap_or_default();
        let glued = tail.find(|c| !is_name_part(c)).unwrap_or(tail.len());
        let text: String = rest.get(..len).unwrap_or_default().to_owned();
        let glued_text: String = tail.get(..glued).unwrap_or_default().to_owned();
        self.at = start + len + glued;
        let span = Span::new(start, self.at);
        if radix != 10 && digits == 0 && glued == 0 {
            self.report(
                Diagnostic::error("P046", span, format!("`{text}` announces digits, but none follow"))
                    .help(format!("write at least one digit after `{text}`, as in `{text}1`")),
            );
            return Tok::Int(0);
        }
        if glued > 0 {
            let help = if glued_text.starts_with('_') {
                "numbers have no digit separators: write the digits without `_`".to_owned()
            } else if radix != 10 {
                format!("`{}` takes only digits of base {radix}", prefix)
            } else if glued_text.starts_with(['e', 'E']) {
                "an exponent needs digits, as in `1e9`".to_owned()
            } else {
                "a name cannot start with a digit; leave a space if these are two things".to_owned()
            };
            self.report(Diagnostic::error("P043", span, format!("`{text}{glued_text}` is not a number")).help(help));
            return Tok::Int(0);
        }
        if float {
            return Tok::Float(text.parse().unwrap_or(f64::INFINITY));
        }
        let digits = if radix == 10 { text.as_str() } else { text.get(2..).unwrap_or_default() };
        match i64::from_str_radix(digits, radix) {
            Ok(n) => Tok::Int(n),
            Err(_) => {
                self.report(
                    Diagnostic::error(
                        "P045",
                        span,
                        "this integer literal is too large: literals go up to 9223372036854775807",
                    )
                    .help("compute it (ints grow as needed at run time), or cast a string: `\"..\" as bigint`"),
                );
                Tok::Int(0)
            }
        }
    }
}
