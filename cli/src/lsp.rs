//! `beambox lsp`: a language server for Mochi on standard input and output.
//!
//! Owns the protocol and the open texts; what is known of a text is `beambox_mochi::service`'s. Invariant: a text is looked at once per
//! version, and nothing that a client sends stops the server but `exit`.

mod convert;

use crate::failure::Failure;
use beambox_mochi::Options;
use beambox_mochi::service::{Analysis, SymbolKind};
use convert::Text;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionOptions, CompletionParams, CompletionResponse,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentFormattingParams,
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, GotoDefinitionParams, GotoDefinitionResponse, Hover,
    HoverContents, HoverParams, HoverProviderCapability, Location, MarkupContent, MarkupKind, OneOf,
    PublishDiagnosticsParams, ReferenceParams, RenameParams, SemanticTokensFullOptions, SemanticTokensLegend,
    SemanticTokensOptions, SemanticTokensParams, ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextEdit, Uri, WorkspaceEdit,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;

/// Serves until the client says that it is over.
pub fn lsp() -> Result<(), Failure> {
    let (connection, threads) = Connection::stdio();
    let failed = |e: String| Failure::Because(format!("language server: {e}"));
    let capabilities = serde_json::to_value(capabilities()).map_err(|e| failed(e.to_string()))?;
    connection.initialize(capabilities).map_err(|e| failed(e.to_string()))?;
    let mut server = Server { open: HashMap::new(), connection };
    server.serve().map_err(failed)?;
    drop(server);
    threads.join().map_err(|e| failed(e.to_string()))
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(vec![".".into()]),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: SemanticTokensLegend { token_types: convert::token_types(), token_modifiers: vec![] },
                full: Some(SemanticTokensFullOptions::Bool(true)),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        ..ServerCapabilities::default()
    }
}

struct Open {
    text: Text,
    analysis: Analysis,
}

struct Server {
    connection: Connection,
    open: HashMap<String, Open>,
}

type Answer = Result<Value, (ErrorCode, String)>;

impl Server {
    fn serve(&mut self) -> Result<(), String> {
        while let Ok(message) = self.connection.receiver.recv() {
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request).map_err(|e| e.to_string())? {
                        return Ok(());
                    }
                    let id = request.id.clone();
                    let response = match self.answer(request) {
                        Ok(value) => Response::new_ok(id, value),
                        Err((code, why)) => Response::new_err(id, code as i32, why),
                    };
                    self.send(Message::Response(response))?;
                }
                Message::Notification(n) => self.note(n)?,
                Message::Response(_) => {}
            }
        }
        Ok(())
    }

    fn send(&self, message: Message) -> Result<(), String> {
        self.connection.sender.send(message).map_err(|e| e.to_string())
    }

    fn note(&mut self, n: Notification) -> Result<(), String> {
        match n.method.as_str() {
            "textDocument/didOpen" => {
                let Ok(p) = serde_json::from_value::<DidOpenTextDocumentParams>(n.params) else { return Ok(()) };
                self.look(p.text_document.uri, p.text_document.text, Some(p.text_document.version))
            }
            "textDocument/didChange" => {
                let Ok(p) = serde_json::from_value::<DidChangeTextDocumentParams>(n.params) else { return Ok(()) };
                let Some(last) = p.content_changes.into_iter().last() else { return Ok(()) };
                self.look(p.text_document.uri, last.text, Some(p.text_document.version))
            }
            "textDocument/didClose" => {
                let Ok(p) = serde_json::from_value::<DidCloseTextDocumentParams>(n.params) else { return Ok(()) };
                self.open.remove(p.text_document.uri.as_str());
                self.publish(p.text_document.uri, vec![], None)
            }
            _ => Ok(()),
        }
    }

    fn look(&mut self, uri: Uri, source: String, version: Option<i32>) -> Result<(), String> {
        let analysis = Analysis::new(&source, uri.as_str(), &Options::default());
        let text = Text::new(source);
        let found = analysis.diagnostics().iter().map(|d| text.diagnostic(d, &uri)).collect();
        self.open.insert(uri.as_str().to_owned(), Open { text, analysis });
        self.publish(uri, found, version)
    }

    fn publish(&self, uri: Uri, diagnostics: Vec<lsp_types::Diagnostic>, version: Option<i32>) -> Result<(), String> {
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        let n = Notification::new("textDocument/publishDiagnostics".to_owned(), params);
        self.send(Message::Notification(n))
    }

    fn answer(&self, r: Request) -> Answer {
        match r.method.as_str() {
            "textDocument/hover" => {
                let p: HoverParams = params(r.params)?;
                let at = p.text_document_position_params;
                let (open, at) = self.place(&at.text_document.uri, at.position)?;
                reply(open.analysis.hover(at).map(|(span, text, doc)| {
                    let doc = doc.map(|d| format!("\n\n{d}")).unwrap_or_default();
                    Hover {
                        contents: HoverContents::Markup(MarkupContent {
                            kind: MarkupKind::Markdown,
                            value: format!("```mochi\n{text}\n```{doc}"),
                        }),
                        range: Some(open.text.range(span)),
                    }
                }))
            }
            "textDocument/definition" => {
                let p: GotoDefinitionParams = params(r.params)?;
                let at = p.text_document_position_params;
                let uri = at.text_document.uri;
                let (open, at) = self.place(&uri, at.position)?;
                let span = open.analysis.target(at).and_then(|(_, t)| open.analysis.declaration(t));
                reply(span.map(|s| GotoDefinitionResponse::Scalar(Location { uri, range: open.text.range(s) })))
            }
            "textDocument/references" => {
                let p: ReferenceParams = params(r.params)?;
                let at = p.text_document_position;
                let uri = at.text_document.uri;
                let (open, at) = self.place(&uri, at.position)?;
                let Some((_, target)) = open.analysis.target(at) else { return reply(None::<()>) };
                let declared = open.analysis.declaration(target);
                let mut spans = open.analysis.mentions(target);
                spans.retain(|s| p.context.include_declaration || Some(*s) != declared);
                let all: Vec<Location> =
                    spans.into_iter().map(|s| Location { uri: uri.clone(), range: open.text.range(s) }).collect();
                reply(Some(all))
            }
            "textDocument/rename" => {
                let p: RenameParams = params(r.params)?;
                let at = p.text_document_position;
                let uri = at.text_document.uri;
                let (open, at) = self.place(&uri, at.position)?;
                let nothing = || (ErrorCode::InvalidRequest, "there is no name here".to_owned());
                let (_, target) = open.analysis.target(at).ok_or_else(nothing)?;
                let spans =
                    open.analysis.renamed(target, &p.new_name).map_err(|why| (ErrorCode::InvalidRequest, why))?;
                let edit = |s| TextEdit { range: open.text.range(s), new_text: p.new_name.clone() };
                // The protocol's map is keyed by addresses, which this crate's type makes mutable inside.
                #[allow(clippy::mutable_key_type)]
                let changes = HashMap::from([(uri, spans.into_iter().map(edit).collect())]);
                reply(Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }))
            }
            "textDocument/completion" => {
                let p: CompletionParams = params(r.params)?;
                let at = p.text_document_position;
                let (open, at) = self.place(&at.text_document.uri, at.position)?;
                let item = |c: beambox_mochi::service::Completion| CompletionItem {
                    label: c.name,
                    kind: Some(completion_kind(c.kind)),
                    detail: (!c.detail.is_empty()).then_some(c.detail),
                    ..CompletionItem::default()
                };
                let all: Vec<CompletionItem> = open.analysis.completions(at).into_iter().map(item).collect();
                reply(Some(CompletionResponse::Array(all)))
            }
            "textDocument/documentSymbol" => {
                let p: DocumentSymbolParams = params(r.params)?;
                let open = self.text(&p.text_document.uri)?;
                let symbol = |s: beambox_mochi::service::Symbol| {
                    #[allow(deprecated)]
                    DocumentSymbol {
                        name: s.name,
                        detail: None,
                        kind: convert::symbol_kind(s.kind),
                        tags: None,
                        deprecated: None,
                        range: open.text.range(s.whole.to(s.span)),
                        selection_range: open.text.range(s.span),
                        children: None,
                    }
                };
                let all: Vec<DocumentSymbol> = open.analysis.symbols().into_iter().map(symbol).collect();
                reply(Some(DocumentSymbolResponse::Nested(all)))
            }
            "textDocument/formatting" => {
                let p: DocumentFormattingParams = params(r.params)?;
                let open = self.text(&p.text_document.uri)?;
                let done = beambox_mochi::format::format(open.text.source());
                reply(done.ok().map(|new_text| vec![TextEdit { range: open.text.whole(), new_text }]))
            }
            "textDocument/semanticTokens/full" => {
                let p: SemanticTokensParams = params(r.params)?;
                let open = self.text(&p.text_document.uri)?;
                reply(Some(open.text.semantic_tokens()))
            }
            other => Err((ErrorCode::MethodNotFound, format!("{other} is not offered"))),
        }
    }

    fn text(&self, uri: &Uri) -> Result<&Open, (ErrorCode, String)> {
        let unknown = || (ErrorCode::InvalidParams, format!("{} is not open", uri.as_str()));
        self.open.get(uri.as_str()).ok_or_else(unknown)
    }

    fn place(&self, uri: &Uri, at: lsp_types::Position) -> Result<(&Open, u32), (ErrorCode, String)> {
        let open = self.text(uri)?;
        Ok((open, open.text.offset(at)))
    }
}

fn params<T: DeserializeOwned>(value: Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(value).map_err(|e| (ErrorCode::InvalidParams, e.to_string()))
}

fn reply<T: Serialize>(value: Option<T>) -> Answer {
    serde_json::to_value(value).map_err(|e| (ErrorCode::InternalError, e.to_string()))
}

fn completion_kind(kind: SymbolKind) -> CompletionItemKind {
    match kind {
        SymbolKind::Variable => CompletionItemKind::VARIABLE,
        SymbolKind::Function => CompletionItemKind::FUNCTION,
        SymbolKind::Method => CompletionItemKind::METHOD,
        SymbolKind::Field => CompletionItemKind::FIELD,
        SymbolKind::Type => CompletionItemKind::STRUCT,
        SymbolKind::Variant => CompletionItemKind::ENUM_MEMBER,
        SymbolKind::Stream => CompletionItemKind::EVENT,
        SymbolKind::Agent => CompletionItemKind::CLASS,
        SymbolKind::Keyword => CompletionItemKind::KEYWORD,
    }
}
