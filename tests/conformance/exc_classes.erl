%% throw, error and exit through try, catch, of and after.
-module(exc_classes).
-export([main/0, id/1]).

main() ->
    [io:format("~w~n", [all(F)]) ||
        F <- [fun() -> ok end, fun() -> throw(t) end, fun() -> error(e) end, fun() -> exit(x) end, fun() -> erlang:raise(throw, r, []) end,
              fun() -> error(e, [a, b]) end, fun() -> exit({shutdown, s}) end, fun() -> exit(normal) end, fun() -> throw({a, [1]}) end]],
    [io:format("~w~n", [catch_it(F)]) || F <- [fun() -> ok end, fun() -> throw(t) end, fun() -> exit(x) end]],
    io:format("~w~n", [case catch error(boom) of {'EXIT', {boom, S}} when is_list(S) -> caught end]),
    %% order of evaluation with after
    io:format("~w~n", [trace(fun(L) -> try put_in(L, body) after put_in(L, done) end end)]),
    io:format("~w~n", [trace(fun(L) -> try put_in(L, body), throw(x) catch x -> put_in(L, caught) after put_in(L, done) end end)]),
    io:format("~w~n", [trace(fun(L) -> try try throw(x) after put_in(L, inner) end catch x -> put_in(L, outer) end end)]),
    io:format("~w~n", [trace(fun(L) -> try put_in(L, body) of _ -> put_in(L, of_part) catch _ -> no after put_in(L, done) end end)]),
    %% exceptions in of-sections and in handlers aren't caught by the same try
    io:format("~w~n", [try try ok of ok -> throw(from_of) catch from_of -> wrong end catch V -> {outer, V} end]),
    io:format("~w~n", [try try throw(a) catch a -> throw(from_handler) end catch V2 -> {outer, V2} end]),
    io:format("~w~n", [try try throw(a) after throw(from_after) end catch V3 -> V3 end]),
    %% patterns and guards in handlers
    [io:format("~w~n", [pick(F)]) ||
        F <- [fun() -> throw({n, 5}) end, fun() -> throw({n, -5}) end, fun() -> error({n, 5}) end, fun() -> exit(other) end]],
    io:format("~w~n", [nest(10)]),
    io:format("~w~n", [deep(1000)]),
    io:format("~w~n", [catch_value()]),
    io:format("~w~n", [try erlang:raise(id(foo), bar, []) catch C:R -> {C, R} end]),
    io:format("~w~n", [catch 1 + (catch throw(2))]),
    io:format("~w~n", [[catch throw(X) || X <- [1, 2, 3]]]),
    ok.

id(X) -> X.

all(F) ->
    try F() of V -> {returned, V} catch throw:T -> {thrown, T}; error:E -> {errored, E}; exit:X -> {exited, X} end.

catch_it(F) -> catch F().

trace(F) ->
    put(log, []),
    R = (catch F(log)),
    {R, lists:reverse(erase(log))}.

put_in(K, V) -> put(K, [V | get(K)]), V.

pick(F) ->
    try F()
    catch
        {n, N} when N > 0 -> {positive, N};
        throw:{n, N} -> {negative, N};
        error:{n, _} = E -> {as_error, E};
        _:_ -> something
    end.

nest(0) -> throw(bottom);
nest(N) -> try nest(N - 1) catch bottom when N =:= 5 -> {stopped_at, N}; T -> throw(T) end.

deep(0) -> throw(deep);
deep(N) when N =:= 1000 -> try 1 + deep(N - 1) catch T -> {T, N} end;
deep(N) -> 1 + deep(N - 1).

catch_value() ->
    X = (catch id(5)),
    Y = (catch throw(6)),
    X + Y.
