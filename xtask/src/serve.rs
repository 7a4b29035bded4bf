//! A static file server for the built page: 127.0.0.1 only, files of one folder only, no special headers.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, anyhow};
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

use crate::run::say;

/// Serves `dir` until the process is ended.
pub fn serve(dir: &Path, port: u16) -> Result<()> {
    let server = Server::http(("127.0.0.1", port))
        .map_err(|error| anyhow!("cannot listen on port {port} ({error}): choose another with --port"))?;
    let address = server.server_addr().to_ip().map_or(port, |a| a.port());
    say(format!("the page is at http://127.0.0.1:{address}/ (Ctrl+C ends it)"));
    std::thread::scope(|scope| {
        // A few threads, so that a slow transfer doesn't hold up the others.
        for _ in 0..4 {
            scope.spawn(|| {
                while let Ok(request) = server.recv() {
                    // A browser that went away is no concern of the server's.
                    let _ = answer(dir, request);
                }
            });
        }
    });
    Ok(())
}

fn answer(dir: &Path, request: Request) -> std::io::Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return request.respond(Response::empty(StatusCode(405)));
    }
    let Some(path) = file_of(request.url()).map(|relative| dir.join(relative)) else {
        return request.respond(Response::empty(StatusCode(404)));
    };
    let path = if path.is_dir() { path.join("index.html") } else { path };
    let Ok(file) = File::open(&path) else {
        return request.respond(Response::from_string("not found\n").with_status_code(StatusCode(404)));
    };
    let kind = mime_guess::from_path(&path).first_or_octet_stream();
    // Text is UTF-8 here; without saying so a browser guesses.
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let mut response = Response::from_file(file);
    for (name, value) in [("Content-Type", kind.as_str()), ("Cache-Control", "no-cache")] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    request.respond(response)
}

/// The file that a URL's path names, relative to the folder; `None` for what isn't plainly inside of it.
fn file_of(url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.strip_prefix('/')?;
    // Our files need no escapes; what has one isn't ours.
    if path.contains('%') || path.contains('\\') || path.contains('\0') {
        return None;
    }
    let path = PathBuf::from(path);
    path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_served() {
        assert_eq!(file_of("/"), Some(PathBuf::new()));
        assert_eq!(file_of("/assets/a.js?v=1"), Some(PathBuf::from("assets/a.js")));
        for bad in ["", "x", "/../secret", "/a/../../b", "//etc/passwd", "/%2e%2e/x", "/a\\..\\b", "/./../x"] {
            assert_eq!(file_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn answers_carry_their_type() {
        let dir = std::env::temp_dir().join(format!("xtask-serve-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("{e}"));
        std::fs::write(dir.join("a.wasm"), b"\0asm").unwrap_or_else(|e| panic!("{e}"));
        std::fs::write(dir.join("index.html"), b"<p>hello").unwrap_or_else(|e| panic!("{e}"));
        let server = Server::http("127.0.0.1:0").unwrap_or_else(|e| panic!("{e}"));
        let address = server.server_addr().to_string();
        let ask = |line: &str| {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(&address).unwrap_or_else(|e| panic!("{e}"));
            write!(stream, "{line} HTTP/1.0\r\n\r\n").unwrap_or_else(|e| panic!("{e}"));
            if let Ok(request) = server.recv() {
                answer(&dir, request).unwrap_or_else(|e| panic!("{e}"));
            }
            let mut text = Vec::new();
            stream.read_to_end(&mut text).unwrap_or_else(|e| panic!("{e}"));
            String::from_utf8_lossy(&text).into_owned()
        };
        let wasm = ask("GET /a.wasm");
        assert!(wasm.starts_with("HTTP/1.0 200") && wasm.contains("application/wasm"), "{wasm}");
        let page = ask("GET /");
        assert!(page.contains("text/html; charset=utf-8") && page.ends_with("<p>hello"), "{page}");
        assert!(ask("GET /none").starts_with("HTTP/1.0 404"));
        assert!(ask("GET /../x").starts_with("HTTP/1.0 404"));
        assert!(ask("POST /").starts_with("HTTP/1.0 405"));
        let _ = std::fs::remove_dir_all(&dir);
    }
}
