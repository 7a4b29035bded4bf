//! Random well-formed Erlang programs for the differential run: expressions of every kind that ends, over variables in scope.
//!
//! Invariant: a program compiles (every variable is bound where it is used, and bound once), ends, and prints nothing that depends on pids,
//! clocks or the numbering of atoms. What goes wrong in an expression is caught and printed by class and reason.

use std::fmt::Write;

/// A small generator of its own, so that a seed means the same for ever.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What an expression is meant to give; anything else is caught.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Int,
    Float,
    List,
    Bin,
    Tuple,
    Map,
    Any,
}

const KINDS: [Kind; 7] = [Kind::Int, Kind::Float, Kind::List, Kind::Bin, Kind::Tuple, Kind::Map, Kind::Any];

/// Where integers are likely to go wrong.
const EDGES: [&str; 18] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "63",
    "64",
    "255",
    "256",
    "-128",
    "65535",
    "16#7FFFFFF",
    "16#7FFFFFFFFFFFFFF",
    "-16#800000000000000",
    "16#7FFFFFFFFFFFFFFF",
    "16#FFFFFFFFFFFFFFFF",
    "-16#123456789ABCDEF0123456789",
    "16#FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
];

struct Generator {
    random: Random,
    /// Variables in scope.
    scope: Vec<(String, Kind)>,
    names: usize,
    /// A function can't be called from itself, so only earlier ones are.
    functions: usize,
}

/// A module of so many functions whose `main/0` prints what each gives.
pub fn module(name: &str, seed: u64, functions: usize) -> String {
    let mut g = Generator { random: Random(seed), scope: Vec::new(), names: 0, functions: 0 };
    let mut text =
        format!("-module({name}).\n-export([main/0]).\n-compile([nowarn_unused_vars, nowarn_unused_function]).\n");
    text.push_str("-record(r, {a = 1, b, c = []}).\n");
    text.push_str("main() -> lists:foreach(fun({I, F}) -> io:format(\"~w ~0kp~n\", [I, run(F)]) end, all()).\n");
    // A reason may hold a stack trace or a fun of its own: classes and shapes are enough then.
    text.push_str("run(F) -> try F(3, [1, a, 2.5]) catch C:R -> {caught, C, plain(R)} end.\n");
    text.push_str("plain({badmatch, _}) -> badmatch; plain({T, _}) when is_atom(T) -> T; plain(R) when is_atom(R) -> R; plain(_) -> other.\n");
    let mut list = Vec::new();
    for n in 0..functions {
        g.functions = n;
        g.names = 0;
        g.scope = vec![("A".into(), Kind::Int), ("B".into(), Kind::List)];
        let mut body = String::new();
        for _ in 0..1 + g.random.below(3) {
            let kind = *g.random.pick(&KINDS);
            let value = g.expr(kind, 3);
            let v = g.fresh();
            let _ = writeln!(body, "    {v} = {value},");
            g.scope.push((v, kind));
        }
        let result = g.expr(Kind::Any, 4);
        let all: Vec<String> = g.scope.iter().skip(2).map(|(v, _)| v.clone()).collect();
        let _ = write!(text, "f{n}(A, B) ->\n{body}    {{{result}, [{}]}}.\n", all.join(", "));
        list.push(format!("{{{n}, fun f{n}/2}}"));
    }
    let _ = writeln!(text, "all() -> [{}].", list.join(", "));
    text
}

impl Generator {
    fn fresh(&mut self) -> String {
        self.names += 1;
        format!("V{}", self.names)
    }

    /// An expression in which more variables are bound, which are gone behind it.
    fn scoped(&mut self, vars: &[(&str, Kind)], kind: Kind, depth: usize) -> String {
        let before = self.scope.len();
        self.scope.extend(vars.iter().map(|(v, k)| (v.to_string(), *k)));
        let e = self.expr(kind, depth);
        self.scope.truncate(before);
        e
    }

    fn variable(&mut self, kind: Kind) -> Option<String> {
        let fits: Vec<String> =
            self.scope.iter().filter(|(_, k)| *k == kind || kind == Kind::Any).map(|(v, _)| v.clone()).collect();
        if fits.is_empty() { None } else { Some(self.random.pick(&fits).clone()) }
    }

    fn atom(&mut self) -> &'static str {
        const ATOMS: [&str; 8] = ["a", "b", "true", "false", "ok", "error", "undefined", "'X y'"];
        ATOMS[self.random.below(ATOMS.len())]
    }

    fn expr(&mut self, kind: Kind, depth: usize) -> String {
        if self.random.below(4) == 0
            && let Some(v) = self.variable(kind)
        {
            return v;
        }
        if depth == 0 {
            return self.leaf(kind);
        }
        if self.random.below(5) == 0 {
            return self.control(kind, depth - 1);
        }
        let d = depth - 1;
        match kind {
            Kind::Int => self.int(d),
            Kind::Float => self.float(d),
            Kind::List => self.list(d),
            Kind::Bin => self.bin(d),
            Kind::Tuple => self.tuple(d),
            Kind::Map => self.map(d),
            Kind::Any => {
                let kind = KINDS[self.random.below(6)];
                self.expr(kind, depth)
            }
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => match self.random.below(3) {
                0 => format!("{}", self.random.below(1000) as i64 - 300),
                _ => self.random.pick(&EDGES).to_string(),
            },
            Kind::Float => self
                .random
                .pick(&["0.0", "1.5", "-2.25", "1.0e10", "3.141592653589793", "1.0e-7", "1.0e300"])
                .to_string(),
            Kind::List => {
                self.random.pick(&["[]", "[1, 2, 3]", "\"text\"", "[a, {b}, 1.5]", "[3, 1, 2, 1]", "[[]]"]).to_string()
            }
            Kind::Bin => self
                .random
                .pick(&["<<>>", "<<1, 2, 3>>", "<<\"some text\">>", "<<5:3>>", "<<16#ABCDEF:24>>"])
                .to_string(),
            Kind::Tuple => self.random.pick(&["{}", "{1, a}", "{a, [b], <<1>>}", "{1, 2, 3, 4, 5}"]).to_string(),
            Kind::Map => self.random.pick(&["#{}", "#{1 => a}", "#{\"k\" => 1, 2 => [x]}"]).to_string(),
            Kind::Any => self.atom().to_string(),
        }
    }

    fn int(&mut self, d: usize) -> String {
        let k = Kind::Int;
        match self.random.below(14) {
            0..=4 => {
                let op = *self.random.pick(&["+", "-", "*", "div", "rem", "band", "bor", "bxor"]);
                format!("({} {op} {})", self.expr(k, d), self.expr(k, d))
            }
            5 => format!("({} bsl ({} band 90))", self.expr(k, d), self.expr(k, 0)),
            6 => format!("({} bsr ({} band 70))", self.expr(k, d), self.expr(k, 0)),
            7 => format!("{}({})", self.random.pick(&["-", "bnot ", "abs"]), self.expr(k, d)),
            8 => format!("length({})", self.expr(Kind::List, d)),
            9 => format!("{}({})", self.random.pick(&["byte_size", "bit_size"]), self.expr(Kind::Bin, d)),
            10 => format!("{}({})", self.random.pick(&["trunc", "round", "floor", "ceil"]), self.expr(Kind::Float, d)),
            11 => format!("{}({}, {})", self.random.pick(&["max", "min"]), self.expr(k, d), self.expr(k, d)),
            12 => format!("erlang:phash2({}, 1000)", self.expr(Kind::Any, d)),
            _ => {
                let (v, sum) = (self.fresh(), self.fresh());
                let from = self.expr(Kind::List, d);
                let e = self.scoped(&[(&v, k), (&sum, k)], k, d.min(1));
                format!("lists:foldl(fun({v}, {sum}) when is_integer({v}) -> {e} band 16#FFFFFFFFFFFF end, 0, {from})")
            }
        }
    }

    fn float(&mut self, d: usize) -> String {
        let k = Kind::Float;
        match self.random.below(6) {
            0..=2 => {
                let op = *self.random.pick(&["+", "-", "*", "/"]);
                format!("({} {op} {})", self.expr(k, d), self.expr(k, d))
            }
            3 => format!("float({})", self.expr(Kind::Int, d)),
            4 => format!("math:sqrt(abs({}))", self.expr(k, d)),
            _ => format!("({} / {})", self.expr(Kind::Int, d), self.expr(Kind::Int, d)),
        }
    }

    fn guard(&mut self, v: &str) -> String {
        match self.random.below(5) {
            0 => format!("is_integer({v}), {v} > {}", self.random.below(5)),
            1 => format!("is_list({v}) orelse is_float({v})"),
            2 => format!("{v} =/= {}", self.atom()),
            3 => format!("not is_tuple({v}); tuple_size({v}) =:= 2"),
            _ => format!("{v} >= 2 andalso {v} < \"x\""),
        }
    }

    fn list(&mut self, d: usize) -> String {
        let k = Kind::List;
        match self.random.below(12) {
            0 => {
                let items: Vec<String> = (0..self.random.below(4)).map(|_| self.expr(Kind::Any, d)).collect();
                format!("[{}]", items.join(", "))
            }
            1 => format!("[{} | {}]", self.expr(Kind::Any, d), self.expr(k, d)),
            2 | 3 => {
                let v = self.fresh();
                let (from, guard) = (self.expr(k, d), self.guard(&v));
                let e = self.scoped(&[(&v, Kind::Any)], Kind::Any, d.min(2));
                // A comprehension's filters can't have `,` or `;` at their top.
                let guard = guard.replace("; ", " orelse ").replace(", ", " andalso ");
                format!("[{e} || {v} <- {from}, {guard}]")
            }
            4 => {
                let v = self.fresh();
                let from = self.expr(Kind::Bin, d);
                let e = self.scoped(&[(&v, Kind::Int)], Kind::Any, d.min(1));
                format!("[{e} || <<{v}:{}>> <= {from}]", 3 + self.random.below(14))
            }
            5 => format!("({} {} {})", self.expr(k, d), self.random.pick(&["++", "--"]), self.expr(k, d)),
            6 => format!("lists:{}({})", self.random.pick(&["reverse", "sort", "usort", "flatten"]), self.expr(k, d)),
            7 => format!("tuple_to_list({})", self.expr(Kind::Tuple, d)),
            8 => format!("binary_to_list({})", self.expr(Kind::Bin, d)),
            9 => format!("lists:sort(maps:to_list({}))", self.expr(Kind::Map, d)),
            10 => format!("integer_to_list({}, {})", self.expr(Kind::Int, d), 2 + self.random.below(35)),
            _ => format!("lists:seq({}, {})", self.random.below(4), self.random.below(9)),
        }
    }

    fn segment(&mut self, d: usize) -> String {
        match self.random.below(7) {
            0 => format!("({}):{}", self.expr(Kind::Int, d), self.random.below(80)),
            1 => format!("({}):{}/little-signed", self.expr(Kind::Int, d), self.random.below(70)),
            2 => format!("({}):{}/float", self.expr(Kind::Float, d), self.random.pick(&[32, 64])),
            3 => format!("({})/bits", self.expr(Kind::Bin, d)),
            4 => format!("({} band 16#3FF)/utf8", self.expr(Kind::Int, d)),
            5 => "\"str\"".to_string(),
            _ => format!("({})", self.expr(Kind::Int, d)),
        }
    }

    fn bin(&mut self, d: usize) -> String {
        match self.random.below(7) {
            0..=2 => {
                let segments: Vec<String> = (0..1 + self.random.below(3)).map(|_| self.segment(d)).collect();
                format!("<<{}>>", segments.join(", "))
            }
            3 => {
                let v = self.fresh();
                let from = self.expr(Kind::Bin, d);
                let e = self.scoped(&[(&v, Kind::Int)], Kind::Int, d.min(1));
                format!(
                    "<< <<({e}):{}>> || <<{v}:{}>> <= {from} >>",
                    1 + self.random.below(20),
                    2 + self.random.below(20)
                )
            }
            4 => {
                let v = self.fresh();
                format!("<< <<{v}>> || {v} <- {}, is_integer({v}) >>", self.expr(Kind::List, d))
            }
            5 => format!("binary:copy({}, {})", self.expr(Kind::Bin, d), self.random.below(12)),
            _ => format!("term_to_binary({})", self.expr(Kind::Any, d)),
        }
    }

    fn tuple(&mut self, d: usize) -> String {
        match self.random.below(5) {
            0 => format!("list_to_tuple({})", self.expr(Kind::List, d)),
            1 => format!(
                "setelement({}, {}, {})",
                1 + self.random.below(3),
                self.expr(Kind::Tuple, d),
                self.expr(Kind::Any, d)
            ),
            2 => format!("(#r{{b = {}}})#r{{a = {}}}", self.expr(Kind::Any, d), self.expr(Kind::Any, d)),
            _ => {
                let items: Vec<String> = (0..self.random.below(5)).map(|_| self.expr(Kind::Any, d)).collect();
                format!("{{{}}}", items.join(", "))
            }
        }
    }

    fn map(&mut self, d: usize) -> String {
        match self.random.below(6) {
            0 => {
                format!("({})#{{{} => {}}}", self.expr(Kind::Map, d), self.expr(Kind::Any, d), self.expr(Kind::Any, d))
            }
            1 => format!("({})#{{1 := {}}}", self.expr(Kind::Map, d), self.expr(Kind::Any, d)),
            2 => format!("maps:from_list([{{E, E}} || E <- {}])", self.expr(Kind::List, d)),
            3 => format!("maps:merge({}, {})", self.expr(Kind::Map, d), self.expr(Kind::Map, d)),
            4 => format!("maps:from_keys(lists:seq(1, {}), {})", 28 + self.random.below(10), self.expr(Kind::Any, d)),
            _ => {
                let pairs: Vec<String> = (0..self.random.below(4))
                    .map(|n| format!("{{{n}, {}}} => {}", self.expr(Kind::Any, d), self.expr(Kind::Any, d)))
                    .collect();
                format!("#{{{}}}", pairs.join(", "))
            }
        }
    }

    /// A pattern and the variables that it binds.
    fn pattern(&mut self, depth: usize) -> (String, Vec<(String, Kind)>) {
        let v = self.fresh();
        match self.random.below(if depth == 0 { 3 } else { 9 }) {
            0 => (v.clone(), vec![(v, Kind::Any)]),
            1 => (self.leaf(Kind::Int), vec![]),
            2 => (self.atom().to_string(), vec![]),
            3 | 4 => {
                let ((h, mut vars), (t, more)) = (self.pattern(depth - 1), self.pattern(depth - 1));
                vars.extend(more);
                (format!("[{h} | {t}]"), vars)
            }
            5 => {
                let ((a, mut vars), (b, more)) = (self.pattern(depth - 1), self.pattern(depth - 1));
                vars.extend(more);
                (format!("{{{a}, {b}}}"), vars)
            }
            6 => (
                format!("<<{v}:{}, {v}R/bits>>", 1 + self.random.below(40)),
                vec![(v.clone(), Kind::Int), (format!("{v}R"), Kind::Bin)],
            ),
            7 => (format!("#{{1 := {v}}}"), vec![(v, Kind::Any)]),
            _ => (format!("#r{{a = {v}}}"), vec![(v, Kind::Any)]),
        }
    }

    fn clauses(&mut self, kind: Kind, d: usize, last: &str) -> String {
        let mut out = String::new();
        for _ in 0..1 + self.random.below(3) {
            let (pattern, vars) = self.pattern(2);
            let bound: Vec<(&str, Kind)> = vars.iter().map(|(v, k)| (v.as_str(), *k)).collect();
            let guard = match vars.first() {
                Some((v, _)) if self.random.below(2) == 0 => format!(" when {}", self.guard(v)),
                _ => String::new(),
            };
            let body = self.scoped(&bound, kind, d);
            let _ = write!(out, "{pattern}{guard} -> {body}; ");
        }
        out.push_str(last);
        out
    }

    fn control(&mut self, kind: Kind, d: usize) -> String {
        match self.random.below(10) {
            0 | 1 => {
                let of = self.expr(Kind::Any, d);
                let other = self.leaf(kind);
                let clauses = self.clauses(kind, d, &format!("_ -> {other}"));
                format!("case {of} of {clauses} end")
            }
            2 => {
                let of = self.expr(Kind::Any, d);
                let other = self.leaf(kind);
                let clauses = self.clauses(kind, d, &format!("_ -> {other}"));
                format!("begin self() ! {of}, receive {clauses} after 0 -> {} end end", self.leaf(kind))
            }
            3 => {
                let (e, c) = (self.expr(kind, d), self.expr(kind, d));
                let raised = *self.random.pick(&["error", "throw", "exit"]);
                let (class, reason) = (self.fresh(), self.fresh());
                match self.random.below(3) {
                    0 => format!("try {e} catch {class}:{reason} -> _ = {{{class}, {reason}}}, {c} end"),
                    1 => format!(
                        "try {raised}({e}) catch {raised}:{reason} when {reason} =/= x -> {c}; _:_ -> {} end",
                        self.leaf(kind)
                    ),
                    _ => format!(
                        "try {e} of {reason} -> {c} catch _:_ -> {} after put(k, {}) end",
                        self.leaf(kind),
                        self.leaf(Kind::Any)
                    ),
                }
            }
            4 => {
                let v = self.fresh();
                let e = self.expr(kind, d);
                format!("(case catch ({e}) of {{'EXIT', _}} -> caught; {v} -> {v} end)")
            }
            5 => {
                let v = self.fresh();
                let arg = self.expr(Kind::Any, d);
                let body = self.scoped(&[(&v, Kind::Any)], kind, d);
                format!("(fun({v}) -> {body} end)({arg})")
            }
            6 if self.functions > 0 => {
                let f = self.random.below(self.functions);
                format!("element(1, f{f}({}, {}))", self.leaf(Kind::Int), self.leaf(Kind::List))
            }
            7 => {
                let (a, b) = (self.expr(Kind::Any, d), self.expr(Kind::Any, d));
                let op = *self.random.pick(&["==", "=:=", "/=", "=/=", "<", ">=", "=<", ">"]);
                format!(
                    "if {} -> {}; true -> {} end",
                    self.random.pick(&["A > 2", "is_list(B)", "A =:= 3, hd(B) == 1"]),
                    self.expr(kind, d),
                    { format!("begin _ = ({a} {op} {b}), {} end", self.expr(kind, d)) }
                )
            }
            8 => {
                let v = self.fresh();
                let e = self.scoped(&[(&v, Kind::Int)], kind, d.min(1));
                format!(
                    "(fun L{v}(0) -> {}; L{v}({v}) -> _ = {e}, L{v}({v} - 1) end)({})",
                    self.leaf(kind),
                    self.random.below(6)
                )
            }
            _ => format!("element({}, {})", 1 + self.random.below(3), self.expr(Kind::Tuple, d)),
        }
    }
}
