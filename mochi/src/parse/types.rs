//! Types and patterns as written.

use super::{PResult, Parser, is_null_word};
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::lex::{Kw, P, Tok};

impl Parser<'_> {
    pub(super) fn type_expr(&mut self) -> PResult<TypeExpr> {
        self.nested(|p| {
            let start = p.span();
            let kind = p.type_kind()?;
            let mut ty = TypeExpr { id: p.id(), span: p.span_from(start), kind };
            // `x as T?.f` reads the field of a cast value.
            if p.at(P::Question) && !p.nth_is(1, P::Dot) {
                p.bump();
                ty = TypeExpr { id: p.id(), span: p.span_from(start), kind: TypeKind::Option(Box::new(ty)) };
            }
            Ok(ty)
        })
    }

    fn type_kind(&mut self) -> PResult<TypeKind> {
        match self.tok().clone() {
            Tok::Kw(Kw::Fun) => {
                self.bump();
                let open = self.expect(P::LParen, "after `fun`")?;
                let mut params = Vec::new();
                while !self.at(P::RParen) {
                    // `fun(x: int)` as a type: the name is harmless.
                    if matches!(self.tok(), Tok::Ident(_)) && self.nth_is(1, P::Colon) {
                        self.bump();
                        self.bump();
                    }
                    params.push(self.type_expr()?);
                    if !self.eat(P::Comma) {
                        break;
                    }
                }
                self.expect_close(P::RParen, open, "the parameter types")?;
                let ret = if self.eat(P::Colon) { Some(Box::new(self.type_expr()?)) } else { None };
                Ok(TypeKind::Fun(params, ret))
            }
            Tok::P(P::LBrace) => {
                let open = self.bump().span;
                let fields = self.field_decls(P::RBrace)?;
                self.expect_close(P::RBrace, open, "this type")?;
                Ok(TypeKind::Record(fields))
            }
            Tok::P(P::LBracket) => Err(self.fail(
                "P001",
                "list types are not written with brackets".to_owned(),
                "write `list<int>`; maps are `map<string, int>`",
            )),
            Tok::Ident(name) => {
                let ident = self.ident("a type")?;
                if !self.at(P::Lt) {
                    return Ok(TypeKind::Name(name));
                }
                let open = self.bump().span;
                let mut args = vec![self.type_expr()?];
                while self.eat(P::Comma) {
                    args.push(self.type_expr()?);
                }
                // `list<int>= xs`: the lexer saw `>=`.
                if self.at(P::GtEq) {
                    if let Some(t) = self.tokens.get_mut(self.pos) {
                        t.tok = Tok::P(P::Assign);
                    }
                } else {
                    self.expect_close(P::Gt, open, "the type's arguments")?;
                }
                Ok(TypeKind::Generic(ident, args))
            }
            _ => Err(self.fail(
                "P001",
                format!("expected a type, found {}", self.found()),
                "types are `int`, `string`, `list<int>`, `map<string, int>`, `fun(int): int`, `T?` or declared names",
            )),
        }
    }

    /// `name: type` until `end`; commas may be left out.
    pub(super) fn field_decls(&mut self, end: P) -> PResult<Vec<FieldDecl>> {
        let mut fields = Vec::new();
        while !self.at(end) && !self.at_eof() {
            fields.push(self.field_decl()?);
            if !self.eat(P::Comma) && !matches!(self.tok(), Tok::Ident(_)) {
                break;
            }
        }
        Ok(fields)
    }

    pub(super) fn field_decl(&mut self) -> PResult<FieldDecl> {
        let name = self.member_ident("a field's name")?;
        self.expect(P::Colon, "and a type after the field's name")?;
        Ok(FieldDecl { name, ty: self.type_expr()? })
    }

    /// The pattern of an arm, up to its `=>`.
    pub(super) fn arm_pattern(&mut self) -> PResult<Pattern> {
        let start = self.span();
        let pattern = match self.tok() {
            Tok::P(P::LBracket | P::LBrace | P::LParen | P::Bang) | Tok::Kw(Kw::If | Kw::Fun) => {
                self.bad_pattern();
                Pattern { id: self.id(), span: start, kind: PatternKind::Error }
            }
            _ => self.pattern()?,
        };
        if self.at(P::Arrow) {
            return Ok(pattern);
        }
        let help = match self.tok() {
            Tok::Kw(Kw::If) => "there are no guards; put an `if` expression into the arm's result",
            Tok::P(P::Pipe) => "write one arm for each alternative",
            Tok::P(P::LBrace) => "fields are matched by position: `Circle(r) => ..`",
            _ => "a pattern is a literal, a variant like `Circle(r)`, or `_`; for other conditions use `if`",
        };
        self.fail("P063", format!("expected `=>` after the pattern, found {}", self.found()), help);
        // The rest of this pattern, if it ends on this line.
        let mut open = 0u32;
        while !self.at(P::Arrow) && !self.at_eof() && !self.on_new_line() && (open > 0 || !self.at(P::RBrace)) {
            match self.bump().tok {
                Tok::P(P::LBrace) => open += 1,
                Tok::P(P::RBrace) => open = open.saturating_sub(1),
                _ => {}
            }
        }
        if !self.at(P::Arrow) {
            return Err(super::Reported);
        }
        Ok(Pattern { id: pattern.id, span: self.span_from(start), kind: PatternKind::Error })
    }

    fn pattern(&mut self) -> PResult<Pattern> {
        self.nested(|p| {
            let start = p.span();
            let id = p.id();
            let kind = match p.tok().clone() {
                Tok::Int(n) => {
                    p.bump();
                    PatternKind::Int(n)
                }
                Tok::Float(x) => {
                    p.bump();
                    PatternKind::Float(x)
                }
                Tok::P(P::Minus) => {
                    p.bump();
                    match p.tok().clone() {
                        Tok::Int(n) => {
                            p.bump();
                            PatternKind::Int(-n)
                        }
                        Tok::Float(x) => {
                            p.bump();
                            PatternKind::Float(-x)
                        }
                        _ => return Err(p.bad_pattern()),
                    }
                }
                Tok::Str(s) => {
                    p.bump();
                    PatternKind::Str(s)
                }
                Tok::Kw(Kw::True | Kw::False) => PatternKind::Bool(p.bump().tok == Tok::Kw(Kw::True)),
                Tok::Kw(Kw::None) => {
                    p.bump();
                    PatternKind::None
                }
                Tok::Ident(name) if &*name == "_" => {
                    p.bump();
                    PatternKind::Wild
                }
                Tok::Ident(name) if is_null_word(&name) && !p.nil_declared => {
                    p.bump();
                    PatternKind::None
                }
                Tok::Ident(name) if p.nth_is(1, P::LParen) => {
                    let ident = p.ident("a variant")?;
                    debug_assert_eq!(ident.name, name);
                    let open = p.bump().span;
                    let mut args = Vec::new();
                    while !p.at(P::RParen) {
                        args.push(p.pattern()?);
                        if !p.eat(P::Comma) {
                            break;
                        }
                    }
                    p.expect_close(P::RParen, open, "the variant's fields")?;
                    PatternKind::Variant { name: ident, args }
                }
                Tok::Ident(name) => {
                    p.bump();
                    PatternKind::Name(name)
                }
                _ => return Err(p.bad_pattern()),
            };
            Ok(Pattern { id, span: p.span_from(start), kind })
        })
    }

    fn bad_pattern(&mut self) -> super::Reported {
        let message = format!("{} is no pattern", self.found());
        let d = Diagnostic::error("P063", self.span(), message);
        self.report(d.help("a pattern is a literal, a variant like `Circle(r)`, or `_`; for other conditions use `if`"))
    }
}
