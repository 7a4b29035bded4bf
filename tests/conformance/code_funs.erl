%% Module information, attributes, function_exported, apply in all forms, dynamic calls.
-module(code_funs).
-export([main/0, exported/0, exported/1, callme/3]).
-vsn("1.2.3").
-author(nobody).

main() ->
    io:format("~w~n", [lists:sort(?MODULE:module_info(exports))]),
    io:format("~w~n", [?MODULE:module_info(module)]),
    io:format("~w ~w~n", [proplists:get_value(vsn, ?MODULE:module_info(attributes)), proplists:get_value(author, ?MODULE:module_info(attributes))]),
    io:format("~w~n", [erlang:function_exported(?MODULE, exported, 1)]),
    io:format("~w ~w~n", [erlang:function_exported(?MODULE, hidden, 0), erlang:function_exported(lists, map, 2)]),
    io:format("~w~n", [erlang:function_exported(erlang, abs, 1)]),
    M = list_to_atom("code_funs"), F = list_to_atom("callme"),
    io:format("~w~n", [M:F(1, 2, 3)]),
    io:format("~w~n", [apply(M, F, [4, 5, 6])]),
    io:format("~w~n", [erlang:apply(fun M:F/3, [7, 8, 9])]),
    io:format("~w~n", [(fun(G) -> G(1, 2, 3) end)(fun callme/3)]),
    io:format("~w~n", [spawn_apply(M, F, [a, b, c])]),
    io:format("~w~n", [erlang:module_loaded(lists)]),
    io:format("~w ~w~n", [erlang:is_builtin(erlang, abs, 1), erlang:is_builtin(lists, map, 2)]),
    io:format("~w~n", [lists:member({map, 2}, lists:module_info(exports))]),
    io:format("~w ~w ~w~n", [?MODULE, ?LINE, ?FUNCTION_NAME]),
    io:format("~w~n", [hidden()]),
    io:format("~s ~s~n", [erlang:system_info(machine), integer_to_list(erlang:system_info(wordsize))]),
    io:format("~w~n", [node()]),
    io:format("~w ~w~n", [nodes(), is_alive()]),
    io:format("~w~n", [unique()]),
    ok.

exported() -> 0.
exported(X) -> X.
hidden() -> ?FUNCTION_ARITY.
callme(A, B, C) -> {called, A, B, C}.

spawn_apply(M, F, A) ->
    Self = self(),
    spawn(fun() -> Self ! {r, apply(M, F, A)} end),
    receive {r, X} -> X end.

unique() ->
    L = [erlang:unique_integer() || _ <- lists:seq(1, 100)],
    P = [erlang:unique_integer([monotonic, positive]) || _ <- lists:seq(1, 100)],
    {length(lists:usort(L)), P =:= lists:sort(P), lists:all(fun(X) -> X > 0 end, P), length(lists:usort([make_ref() || _ <- P]))}.
