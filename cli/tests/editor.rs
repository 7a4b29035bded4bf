//! `beambox lsp` as an editor talks to it, and `beambox fmt`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

const URI: &str = "file:///a.mochi";

struct Editor {
    child: Child,
    out: BufReader<ChildStdout>,
    number: i64,
    /// Of the last text.
    diagnostics: Value,
}

impl Editor {
    fn start() -> Editor {
        let mut child = Command::new(env!("CARGO_BIN_EXE_beambox"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut e = Editor { child, out, number: 0, diagnostics: Value::Null };
        let can = e.ask("initialize", json!({"capabilities": {}, "processId": null, "rootUri": null}));
        for what in ["hoverProvider", "definitionProvider", "renameProvider", "completionProvider"] {
            assert!(!can["capabilities"][what].is_null(), "{what}: {can}");
        }
        e.send(json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}));
        e
    }
    fn send(&mut self, message: Value) {
        let text = message.to_string();
        write!(self.child.stdin.as_mut().unwrap(), "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
    }
    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "the server is gone");
            if line == "\r\n" {
                break;
            }
            if let Some(n) = line.strip_prefix("Content-Length: ") {
                length = n.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.out.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }
    fn whole(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let id = self.number;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let m = self.receive();
            if m["id"] == json!(id) {
                return m;
            }
            if m["method"] == "textDocument/publishDiagnostics" {
                self.diagnostics = m["params"]["diagnostics"].clone();
            }
        }
    }
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let m = self.whole(method, params);
        assert!(m["error"].is_null(), "{method}: {m}");
        m["result"].clone()
    }
    fn open(&mut self, text: &str) {
        let document = json!({"uri": URI, "languageId": "mochi", "version": 1, "text": text});
        self.send(json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}));
    }
    fn change(&mut self, text: &str) {
        let params = json!({"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": text}]});
        self.send(json!({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}));
    }
    fn at(&mut self, what: &str, line: u32, character: u32) -> Value {
        let place = json!({"textDocument": {"uri": URI}, "position": {"line": line, "character": character}});
        self.ask(&format!("textDocument/{what}"), place)
    }
    fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.send(json!({"jsonrpc": "2.0", "method": "exit"}));
        assert!(self.child.wait().unwrap().success());
    }
}

const TEXT: &str = "\
// Adds.
fun add(a: int, b: int): int {
  return a + b
}
type P { x: int, y: int }
let p = P { x: add(1, 2), y: 3 }
let s = \"😀\" print(p.x)
";

#[test]
fn an_editor_is_served() {
    let mut e = Editor::start();
    e.open(TEXT);
    let hover = e.at("hover", 5, 16);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("fun add(a: int, b: int): int") && text.contains("Adds."), "{text}");
    assert_eq!(e.diagnostics, json!([]));
    assert_eq!(e.at("definition", 2, 9)["range"]["start"], json!({"line": 1, "character": 8}));
    // Behind a character of two UTF-16 units.
    assert_eq!(e.at("definition", 6, 20)["range"]["start"], json!({"line": 5, "character": 4}));
    assert_eq!(e.at("definition", 5, 9)["range"]["start"], json!({"line": 4, "character": 5}));
    assert_eq!(e.at("hover", 0, 3), Value::Null);
    let place = json!({"textDocument": {"uri": URI}, "position": {"line": 1, "character": 8}});
    let mut renaming = place.clone();
    renaming["newName"] = json!("left");
    let edits = e.ask("textDocument/rename", renaming.clone());
    assert_eq!(edits["changes"][URI].as_array().unwrap().len(), 2, "{edits}");
    renaming["newName"] = json!("not a name");
    assert!(e.whole("textDocument/rename", renaming)["error"]["message"].as_str().unwrap().contains("not a name"));
    let mut asked = place;
    asked["context"] = json!({"includeDeclaration": true});
    assert_eq!(e.ask("textDocument/references", asked).as_array().unwrap().len(), 2);
    let names = |v: Value| -> Vec<String> {
        v.as_array().unwrap().iter().map(|c| c["label"].as_str().unwrap().to_owned()).collect()
    };
    let all = names(e.at("completion", 2, 9));
    for name in ["a", "b", "p", "add", "print", "while", "P"] {
        assert!(all.iter().any(|n| n == name), "{name}: {all:?}");
    }
    let document = json!({"textDocument": {"uri": URI}});
    let symbols = e.ask("textDocument/documentSymbol", document.clone());
    let found: Vec<&str> = symbols.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(found, ["add", "P", "p", "s"]);
    let tokens = e.ask("textDocument/semanticTokens/full", document.clone());
    assert_eq!(tokens["data"].as_array().unwrap().len() % 5, 0);
    assert!(tokens["data"].as_array().unwrap().len() > 100);
    e.change("let x = 1\nprint(x.)\nlet   y = x\n");
    e.change("let   q = {a: 1}\nprint(q.a, zz)\n");
    let edits = e.ask(
        "textDocument/formatting",
        json!({"textDocument": {"uri": URI}, "options": {"tabSize": 2, "insertSpaces": true}}),
    );
    assert_eq!(edits[0]["newText"], "let q = {a: 1}\nprint(q.a, zz)\n");
    assert_eq!(e.diagnostics[0]["code"], "T002", "{}", e.diagnostics);
    assert_eq!(e.diagnostics[0]["range"]["start"], json!({"line": 1, "character": 11}));
    e.end();
}

#[test]
fn what_a_client_does_wrong_is_answered() {
    let mut e = Editor::start();
    assert_eq!(e.whole("textDocument/hover", json!({"x": 1}))["error"]["code"], -32602);
    let nowhere = json!({"textDocument": {"uri": "file:///none"}, "position": {"line": 0, "character": 0}});
    assert_eq!(e.whole("textDocument/hover", nowhere)["error"]["code"], -32602);
    assert_eq!(e.whole("textDocument/strange", json!({}))["error"]["code"], -32601);
    e.send(json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": 7}));
    e.open("fun (((\n\"open");
    assert_eq!(e.at("hover", 900, 900), Value::Null);
    assert!(e.diagnostics.as_array().unwrap().len() > 1, "{}", e.diagnostics);
    assert_eq!(e.at("definition", 1, 2), Value::Null);
    e.end();
}

fn fmt(args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_beambox"))
        .arg("fmt")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn sources_are_laid_out() {
    assert_eq!(fmt(&[], "let  x=1\n"), (0, "let x = 1\n".into(), String::new()));
    assert_eq!(fmt(&["--check"], "let  x=1\n").0, 1);
    assert_eq!(fmt(&["--check"], "let x = 1\n"), (0, String::new(), String::new()));
    let (status, out, err) = fmt(&[], "let x = \n");
    assert!(status == 1 && out.is_empty() && err.contains("P050"), "{err}");
    let work = tempfile::tempdir().unwrap();
    let (good, bad) = (work.path().join("good.mochi"), work.path().join("bad.mochi"));
    fs::write(&good, "print( 1 )").unwrap();
    fs::write(&bad, "print(").unwrap();
    let [g, b] = [&good, &bad].map(|p| p.to_str().unwrap().to_owned());
    let (status, out, _) = fmt(&["--check", &g], "");
    assert_eq!((status, out), (1, format!("{g}\n")));
    let (status, _, err) = fmt(&[&b, &g], "");
    assert!(status == 1 && err.contains("bad.mochi:1"), "{err}");
    assert_eq!(fs::read_to_string(&good).unwrap(), "print(1)\n");
    assert_eq!(fs::read_to_string(&bad).unwrap(), "print(");
    assert!(fmt(&["none.mochi"], "").2.contains("no such file"));
}
