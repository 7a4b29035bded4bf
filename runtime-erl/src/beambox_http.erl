-module(beambox_http).
-moduledoc """
The host's HTTP client, where the program runs in a sandbox whose host offers one.

A VM that does puts built-in functions in place of these. What they do here is what every other host does: refuse.

A request is a map of `method`, `url` and `body` (binaries), `headers` (pairs of binaries) and `max_body` (bytes). After `{ok, Ref}` the caller gets, each part when it has asked
for it by `next/1`: `{beambox_http, Ref, {status, Status, Headers}}`, `{beambox_http, Ref, {data, Bytes}}` any number of times, and last
`{beambox_http, Ref, done}` or `{beambox_http, Ref, {error, Reason}}`.
""".

-export([available/0, start/1, next/1, cancel/1]).

-doc "Does the host offer its client to this program?".
-spec available() -> boolean().
available() -> false.

-doc "Starts a request.".
-spec start(map()) -> {ok, reference()} | {error, notsup | eacces | term()}.
start(_Request) -> {error, notsup}.

-doc "Asks for the next part of the answer.".
-spec next(reference()) -> ok.
next(_Ref) -> ok.

-doc "Ends a request.".
-spec cancel(reference()) -> ok.
cancel(_Ref) -> ok.
