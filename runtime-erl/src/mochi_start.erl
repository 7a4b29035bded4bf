-module(mochi_start).
-moduledoc """
Where a packaged program begins: `main/1` for an escript, `start/0` for `erl -s`. The program's module is named by the emulator's flag
`-mochi_program`.
""".

-export([main/1, start/0]).

-doc "Runs the program and halts with its status.".
-spec main([string()]) -> no_return().
main(_Args) -> start().

-doc "The same.".
-spec start() -> no_return().
start() ->
    _ = io:setopts(standard_io, [{encoding, unicode}]),
    case init:get_argument(mochi_program) of
        {ok, [[Name] | _]} ->
            halt(mochi_core:start(list_to_atom(Name)));
        _ ->
            io:put_chars(standard_error, "mochi_start: no -mochi_program is given\n"),
            halt(1)
    end.
