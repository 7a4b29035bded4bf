%% Exceptions that raise/3 makes keep their class through `after`, catch and handlers that raise again.
-module(exc_raised_again).
-export([main/0]).

main() ->
    Given = [{m, f, 1, [{file, "x"}, {line, 3}]}, {m, g, [a], []}],
    [io:format("~p ~p~n", [{Class, How}, what(fun() -> run(How, Class, Given) end)]) ||
        Class <- [error, exit, throw], How <- [plain, 'after', twice, again, nested, caught]],
    process_flag(trap_exit, true),
    [begin
         P = spawn_link(fun() -> run(How, exit, Given) end),
         receive {'EXIT', P, Why} -> io:format("~p ~p~n", [How, Why]) after 2000 -> io:format("~p never~n", [How]) end
     end || How <- [plain, 'after', twice, again, nested]].

run(plain, C, S) -> erlang:raise(C, why, S);
run('after', C, S) -> try erlang:raise(C, why, S) after put(x, 1) end;
run(twice, C, S) -> try run('after', C, S) after put(x, 2) end;
run(again, C, S) -> try run('after', C, S) catch A:B:T -> erlang:raise(A, B, T) end;
run(nested, C, S) -> try run(again, C, S) of _ -> no after garbage(), try throw(other) catch _:_ -> ok end end;
run(caught, C, S) -> catch run(twice, C, S).

garbage() -> erlang:garbage_collect(), lists:seq(1, 1000).

what(F) ->
    try F() catch C:R:S -> {C, R, S} end.
