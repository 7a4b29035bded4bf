%% SPDX-License-Identifier: Apache-2.0
-module(probe).
-moduledoc "What the tests of sandbox and program run. Compiled by OTP 27: `erlc +deterministic +no_docs probe.erl`.".
-export([main/1, plus/2]).

-doc "Does what the first argument says.".
-spec main([string()]) -> term().
main(["args" | Rest]) -> io:format("~p~n", [Rest]);
main(["echo"]) -> echo(1);
main(["halt", Status]) -> io:put_chars("bye\n"), halt(list_to_integer(Status));
main(["fail"]) -> error(on_purpose);
main(["exit"]) -> exit(leaving);
main(["loop"]) -> loop(0);
main(["memory"]) -> memory([]);
main(["binaries"]) -> binaries([]);
main(["atoms"]) -> atoms(0);
main(["fork"]) -> fork();
main(["write"]) -> io:put_chars("more and more and more\n"), main(["write"]);
main(["deep"]) -> io:format("~p~n", [deep(3_000_000)]);
main(["wait"]) -> receive never -> ok end;
main(["sleep", Time]) -> timer:sleep(list_to_integer(Time)), io:put_chars("awake\n");
main([]) -> io:put_chars("hello\n").

-doc "For calls with arguments.".
plus(A, B) -> io:format("~p~n", [A + B]).

echo(N) ->
    case io:get_line("") of
        eof -> io:format("~p lines~n", [N - 1]);
        Line -> io:format("~p: ~ts", [N, Line]), echo(N + 1)
    end.

loop(N) -> loop(N + 1).

memory(All) -> memory([lists:seq(1, 1000) | All]).

binaries(All) -> binaries([binary:copy(<<"x">>, 1_000_000) | All]).

atoms(N) -> _ = list_to_atom("probe_" ++ integer_to_list(N)), atoms(N + 1).

fork() -> _ = spawn(fun fork/0), fork().

deep(0) -> 0;
deep(N) -> 1 + deep(N - 1).
