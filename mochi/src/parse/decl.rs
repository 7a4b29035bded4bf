//! Declarations: functions, types, imports, externs, streams, agents.

use super::{PResult, Parser};
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::lex::{Kw, P, Tok};

/// What `import` may name before the path.
const LANGUAGES: &[&str] = &["go", "python", "typescript", "zig", "lua", "clj", "clojure"];

impl Parser<'_> {
    /// At `fun name`.
    #[inline(never)]
    pub(super) fn fun_decl(&mut self, export: bool) -> PResult<FunDecl> {
        self.bump();
        let name = self.ident("the function's name")?;
        let sig = match self.fun_sig() {
            Ok(sig) => sig,
            // The body is worth reading all the same.
            Err(r) => {
                if !self.skip_to_block() {
                    return Err(r);
                }
                FunSig { generics: Vec::new(), params: Vec::new(), ret: None, effects: None, span: name.span }
            }
        };
        if self.at(P::Arrow) {
            return Err(self.fail(
                "P001",
                "a named function has a block, not `=>`".to_owned(),
                "write `{ return .. }`",
            ));
        }
        if self.at(P::Minus) && self.nth_is(1, P::Gt) {
            return Err(self.fail(
                "P001",
                "the result type is not written with `->`".to_owned(),
                "write `fun f(x: int): int { .. }`",
            ));
        }
        let (body, _) = self.block("before the function's body")?;
        Ok(FunDecl { export, name, sig, body })
    }

    /// `<T>(params): type ! effects`
    #[inline(never)]
    pub(super) fn fun_sig(&mut self) -> PResult<FunSig> {
        let start = self.span();
        let mut generics = Vec::new();
        if self.at(P::Lt) {
            let open = self.bump().span;
            generics.push(self.ident("a type parameter")?);
            while self.eat(P::Comma) {
                generics.push(self.ident("a type parameter")?);
            }
            self.expect_close(P::Gt, open, "the type parameters")?;
        }
        let params = self.params()?;
        let ret = if self.eat(P::Colon) { Some(self.type_expr()?) } else { None };
        let mut effects = None;
        if self.eat(P::Bang) {
            let mut list = vec![self.ident("an effect: io, fs, net, time or meta")?];
            while self.eat(P::Comma) {
                list.push(self.ident("an effect: io, fs, net, time or meta")?);
            }
            effects = Some(list);
        }
        Ok(FunSig { generics, params, ret, effects, span: self.span_from(start) })
    }

    fn params(&mut self) -> PResult<Vec<Param>> {
        let open = self.expect(P::LParen, "before the parameters")?;
        let mut params = Vec::new();
        while !self.at(P::RParen) {
            let name = self.ident("a parameter's name")?;
            let ty = if self.eat(P::Colon) { Some(self.type_expr()?) } else { None };
            if self.at(P::Assign) {
                return Err(self.fail(
                    "P001",
                    "parameters have no default values".to_owned(),
                    "pass the value at each call, or write a second function",
                ));
            }
            params.push(Param { name, ty });
            if !self.eat(P::Comma) {
                break;
            }
        }
        self.expect_close(P::RParen, open, "the parameters")?;
        Ok(params)
    }

    /// At `type`.
    #[inline(never)]
    pub(super) fn type_decl(&mut self) -> PResult<StmtKind> {
        self.bump();
        let name = self.ident("the type's name")?;
        let equals = self.eat(P::Assign);
        if self.at(P::LBrace) {
            let kind = self.struct_body()?;
            return Ok(StmtKind::Type(TypeDecl { name, kind }));
        }
        if !equals {
            return Err(self.fail(
                "P001",
                format!("expected `=` or `{{` after the type's name, found {}", self.found()),
                "write `type Name { field: type }` or `type Name = A | B`",
            ));
        }
        let leading = self.eat(P::Pipe);
        let sum = matches!(self.tok(), Tok::Ident(_))
            && (leading || self.nth_is(1, P::LParen) || self.nth_is(1, P::LBrace) || self.nth_is(1, P::Pipe));
        let kind = if sum {
            let mut variants = vec![self.variant()?];
            while self.eat(P::Pipe) {
                variants.push(self.variant()?);
            }
            TypeDeclKind::Union(variants)
        } else {
            TypeDeclKind::Alias(self.type_expr()?)
        };
        Ok(StmtKind::Type(TypeDecl { name, kind }))
    }

    fn struct_body(&mut self) -> PResult<TypeDeclKind> {
        let open = self.bump().span;
        let mut fields = Vec::new();
        let mut methods = Vec::new();
        while !self.at(P::RBrace) && !self.at_eof() {
            if self.at_kw(Kw::Fun) && !self.nth_is(1, P::Colon) {
                methods.push(self.nested(|p| p.fun_decl(false))?);
            } else {
                fields.push(self.field_decl()?);
            }
            self.eat(P::Comma);
        }
        self.expect_close(P::RBrace, open, "this type")?;
        Ok(TypeDeclKind::Struct { fields, methods })
    }

    fn variant(&mut self) -> PResult<VariantDecl> {
        let start = self.span();
        let name = self.ident("a variant's name")?;
        let mut fields = Vec::new();
        let close = match self.tok() {
            Tok::P(P::LParen) => Some(P::RParen),
            Tok::P(P::LBrace) => Some(P::RBrace),
            _ => None,
        };
        if let Some(close) = close {
            let open = self.bump().span;
            fields = self.field_decls(close)?;
            self.expect_close(close, open, "the variant's fields")?;
        }
        Ok(VariantDecl { name, fields, span: self.span_from(start) })
    }

    /// At `import`.
    #[inline(never)]
    pub(super) fn import(&mut self) -> PResult<StmtKind> {
        self.bump();
        let mut lang = None;
        if matches!(self.tok(), Tok::Ident(_)) {
            let ident = self.ident("a language")?;
            if !LANGUAGES.contains(&&*ident.name) {
                let d = Diagnostic::error(
                    "P064",
                    ident.span,
                    format!("`{}` is not a language that can be imported from", ident.name),
                );
                self.report(
                    d.help(format!("known are {}; for a Mochi package leave the language out", LANGUAGES.join(", "))),
                );
            }
            lang = Some(ident);
        }
        let path = self.str_lit("the path to import, a string")?;
        let alias = if self.eat_word("as") { Some(self.ident("the import's name")?) } else { None };
        let auto = self.at_word("auto") && !self.nth_is(1, P::Assign);
        if auto {
            self.bump();
        }
        Ok(StmtKind::Import(Import { lang, path, alias, auto }))
    }

    /// At `extern`.
    #[inline(never)]
    pub(super) fn extern_decl(&mut self) -> PResult<StmtKind> {
        self.bump();
        let decl = match self.tok().clone() {
            Tok::Kw(Kw::Type) => {
                self.bump();
                Extern::Type(self.ident("the type's name")?)
            }
            Tok::Kw(kw @ (Kw::Var | Kw::Let)) => {
                self.bump();
                let path = self.path()?;
                self.expect(P::Colon, "and a type after the name")?;
                Extern::Var { mutable: kw == Kw::Var, path, ty: self.type_expr()? }
            }
            Tok::Kw(Kw::Fun) => {
                self.bump();
                let path = self.path()?;
                let params = self.params()?;
                let ret = if self.eat(P::Colon) { Some(self.type_expr()?) } else { None };
                Extern::Fun { path, params, ret }
            }
            Tok::Ident(w) if &*w == "object" => {
                self.bump();
                Extern::Object(self.ident("the object's name")?)
            }
            _ => {
                return Err(self.fail(
                    "P001",
                    format!("expected what is extern, found {}", self.found()),
                    "write `extern fun`, `extern let`, `extern var`, `extern type` or `extern object`",
                ));
            }
        };
        Ok(StmtKind::Extern(decl))
    }

    fn path(&mut self) -> PResult<Vec<Ident>> {
        let mut path = vec![self.ident("a name")?];
        while self.eat(P::Dot) {
            path.push(self.member_ident("a name after the dot")?);
        }
        Ok(path)
    }

    /// At `stream`.
    #[inline(never)]
    pub(super) fn stream_decl(&mut self) -> PResult<StmtKind> {
        self.bump();
        let name = self.ident("the stream's name")?;
        let open = self.expect(P::LBrace, "before the stream's fields")?;
        let fields = self.field_decls(P::RBrace)?;
        self.expect_close(P::RBrace, open, "this stream")?;
        Ok(StmtKind::Stream(StreamDecl { name, fields }))
    }

    /// After `on`.
    #[inline(never)]
    pub(super) fn on_handler(&mut self) -> PResult<OnHandler> {
        let stream = self.ident("the stream's name")?;
        if !self.eat_word("as") {
            return Err(self.fail(
                "P001",
                format!("expected `as` and a name for the event, found {}", self.found()),
                "write `on Stream as event { .. }`",
            ));
        }
        let var = self.ident("the event's name")?;
        let (body, _) = self.block("before the handler's body")?;
        Ok(OnHandler { stream, var, body })
    }

    /// At `agent`.
    #[inline(never)]
    pub(super) fn agent_decl(&mut self) -> PResult<StmtKind> {
        self.bump();
        let name = self.ident("the agent's name")?;
        let open = self.expect(P::LBrace, "before the agent's members")?;
        let mut members = Vec::new();
        while !self.at(P::RBrace) && !self.at_eof() {
            let mark = self.mark();
            match self.agent_member() {
                Ok(member) => members.push(member),
                Err(_) => {
                    self.sync(mark);
                    if self.pos == mark.pos {
                        self.bump();
                    }
                }
            }
        }
        self.expect_close(P::RBrace, open, "this agent")?;
        Ok(StmtKind::Agent(AgentDecl { name, members }))
    }

    fn agent_member(&mut self) -> PResult<AgentMember> {
        match self.tok().clone() {
            Tok::Kw(Kw::Let | Kw::Var) => {
                let mark = self.mark();
                Ok(AgentMember::Let(self.let_stmt(mark)?))
            }
            Tok::Kw(Kw::On) => {
                self.bump();
                let id = self.id();
                Ok(AgentMember::On(id, self.on_handler()?))
            }
            Tok::Kw(Kw::Intent) => Ok(AgentMember::Intent(Box::new(self.fun_decl(false)?))),
            Tok::Ident(_) => {
                let stmt = self.stmt();
                match stmt.kind {
                    StmtKind::Assign(a) => Ok(AgentMember::Assign(a)),
                    StmtKind::Error => Err(super::Reported),
                    _ => {
                        let d = Diagnostic::error(
                            "P001",
                            stmt.span,
                            "an agent holds only variables, assignments, `on` handlers and intents",
                        );
                        Err(self.report(d.help("put other statements into an intent or a handler")))
                    }
                }
            }
            Tok::Kw(Kw::Fun) => Err(self.fail(
                "P001",
                "an agent has intents, not functions".to_owned(),
                "write `intent` instead of `fun`, or move the function out of the agent",
            )),
            _ => Err(self.fail(
                "P001",
                format!("expected a member of the agent, found {}", self.found()),
                "an agent holds `let`/`var` variables, `on Stream as e { .. }` handlers and `intent name() { .. }`",
            )),
        }
    }
}
