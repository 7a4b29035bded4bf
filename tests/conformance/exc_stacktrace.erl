%% The shape of stacktraces: module, function, arity, file and line of the program's own frames.
-module(exc_stacktrace).
-export([main/0, id/1, entry/2]).

main() ->
    show(fun() -> one(id(0)) end),
    show(fun() -> entry(id(1), id(a)) end),
    show(fun() -> no_clause(id(5)) end),
    show(fun() -> ?MODULE:not_here(id(1), 2, 3) end),
    show(fun() -> not_a_module:f(id(x)) end),
    show(fun() -> lists_map(id([1, 2, x])) end),
    show(fun() -> error(custom) end),
    show(fun() -> error(with_args, [id(1), 2]) end),
    show(fun() -> throw(thrown) end),
    show(fun() -> exit(exited) end),
    show(fun() -> hd(id([])) end),
    show(fun() -> (id(fun(X) -> X + 1 end))(1, 2) end),
    show(fun() -> element(id(3), {a}) end),
    show(fun() -> try one(0) catch _:_:St -> erlang:raise(error, again, St) end end),
    show(fun() -> deep(id(12)) end),
    ok.

id(X) -> X.

show(F) ->
    try F() of
        V -> io:format("value ~w~n", [V])
    catch
        C:R:St ->
            io:format("~w ~w~n", [C, R]),
            [io:format("    ~w:~w/~w ~w~n", [M, name(Fn), args(A), loc(L)]) || {M, Fn, A, L} <- St, M =:= ?MODULE orelse M =:= not_a_module]
    end.

%% The compiler's own names carry a counter; only that they are a fun's matters.
name(F) ->
    case atom_to_list(F) of
        "-" ++ _ -> a_fun;
        _ -> F
    end.

args(A) when is_list(A) -> {args, length(A)};
args(A) -> A.

loc(L) -> {proplists:get_value(file, L), proplists:get_value(line, L)}.

one(X) ->
    Y = two(X),
    {one, Y}.

two(X) ->
    Y = 10 div X,
    {two, Y}.

entry(A, B) ->
    R = A + B,
    {ok, R}.

no_clause(X) when X > 100 -> X.

lists_map(L) ->
    R = lists:map(fun(X) -> X * 2 end, L),
    {mapped, R}.

deep(0) -> error(bottom);
deep(N) -> 1 + deep(N - 1).
