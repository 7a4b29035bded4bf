//! Lists, maps, struct literals, and field lists of the same shape.

use super::{PResult, Parser};
use crate::ast::*;
use crate::lex::{Kw, P, Tok};

impl Parser<'_> {
    #[inline(never)]
    pub(super) fn list(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        let mut items = Vec::new();
        while !self.at(P::RBracket) {
            items.push(self.inner_expr()?);
            if !self.eat(P::Comma) {
                break;
            }
        }
        self.expect_close(P::RBracket, start, "this list")?;
        let below = items.iter().map(|e| e.height).max().unwrap_or(0);
        self.make(start, below, ExprKind::List(items))
    }

    #[inline(never)]
    pub(super) fn map(&mut self) -> PResult<Expr> {
        let start = self.span();
        let entries = self.map_entries()?;
        let below = entries.iter().fold(0, |h, e| {
            let key = if let MapKey::Expr(k) = &e.key { k.height } else { 0 };
            h.max(e.value.height).max(key)
        });
        self.make(start, below, ExprKind::Map(entries))
    }

    #[inline(never)]
    pub(super) fn struct_literal(&mut self) -> PResult<Expr> {
        let start = self.span();
        let name = self.ident("a name")?;
        let fields = self.field_inits("the fields")?;
        let below = fields.iter().map(|f| f.value.height).max().unwrap_or(0);
        self.make(start, below, ExprKind::Struct { name, fields })
    }

    /// At `Name {`: in a condition only `Name { field:` is a literal, since no block begins so.
    pub(super) fn struct_literal_ahead(&self) -> bool {
        let field = self.nth_is(3, P::Colon) && matches!(self.nth(2), Tok::Ident(_) | Tok::Kw(_));
        field || !self.no_struct && self.nth_is(2, P::RBrace) || !self.no_struct && !self.nth_on_new_line(1)
    }

    /// At `{`: map literal rather than block? A map has a `:` after its first key.
    pub(super) fn map_ahead(&self) -> bool {
        let mut depth = 0u32;
        for n in 1.. {
            match self.nth(n) {
                Tok::P(P::RBrace) if n == 1 => return true,
                Tok::P(P::LParen | P::LBracket | P::LBrace) => depth += 1,
                Tok::P(P::RParen | P::RBracket | P::RBrace) => {
                    if depth == 0 {
                        return false;
                    }
                    depth -= 1;
                }
                Tok::P(P::Colon | P::Turnstile) if depth == 0 => return true,
                Tok::P(P::Assign | P::Arrow | P::Comma) if depth == 0 => return false,
                t if depth == 0 && (super::only_starts_stmt(t) || matches!(t, Tok::Kw(Kw::If | Kw::Fun))) => {
                    return false;
                }
                Tok::Eof => return false,
                _ => {}
            }
        }
        false
    }

    /// `{ key: value, .. }`
    #[inline(never)]
    pub(super) fn map_entries(&mut self) -> PResult<Vec<MapEntry>> {
        let saved = std::mem::replace(&mut self.no_struct, false);
        let result = self.map_entries_inside();
        self.no_struct = saved;
        result
    }

    fn map_entries_inside(&mut self) -> PResult<Vec<MapEntry>> {
        let open = self.expect(P::LBrace, "")?;
        let mut entries = Vec::new();
        while !self.at(P::RBrace) {
            let bare = matches!(self.tok(), Tok::Ident(_) | Tok::Kw(_))
                && (self.nth_is(1, P::Colon) || self.nth_is(1, P::Turnstile));
            let literal = matches!(self.tok(), Tok::Kw(Kw::True | Kw::False | Kw::None));
            let key =
                if bare && !literal { MapKey::Name(self.member_ident("a key")?) } else { MapKey::Expr(self.expr()?) };
            if self.at(P::Turnstile) {
                self.fail(
                    "P001",
                    "`:-` is one token of logic rules, not a colon and a minus".to_owned(),
                    "leave a space: `key: -1`",
                );
                self.bump();
            } else {
                self.expect(P::Colon, "after the key")?;
            }
            let value = self.expr()?;
            entries.push(MapEntry { key, value });
            if !self.eat(P::Comma) {
                break;
            }
        }
        self.expect_close(P::RBrace, open, "this map")?;
        Ok(entries)
    }

    /// `{ name: value, .. }`; commas may be left out (as `model` does).
    pub(super) fn field_inits(&mut self, what: &str) -> PResult<Vec<FieldInit>> {
        self.with_no_struct(false, |p| {
            let open = p.expect(P::LBrace, &format!("before {what}"))?;
            let mut fields = Vec::new();
            while !p.at(P::RBrace) {
                let name = p.member_ident("a field's name")?;
                if p.at(P::Turnstile) {
                    p.fail(
                        "P001",
                        "`:-` is one token of logic rules, not a colon and a minus".to_owned(),
                        "leave a space: `field: -1`",
                    );
                    p.bump();
                } else {
                    p.expect(P::Colon, "after the field's name")?;
                }
                let value = p.expr()?;
                fields.push(FieldInit { name, value });
                let more = matches!(p.tok(), Tok::Ident(_)) && p.nth_is(1, P::Colon);
                if !p.eat(P::Comma) && !more {
                    break;
                }
            }
            p.expect_close(P::RBrace, open, what)?;
            Ok(fields)
        })
    }
}
