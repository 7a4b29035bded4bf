%% try, catch and after in awkward places: in arguments, comprehensions, receives, funs, recursion; registers across them.
-module(try_in_places).
-export([main/0, id/1]).

main() ->
    io:format("~w~n", [f(try id(1) catch _:_ -> 2 end, try throw(3) catch T -> T end, catch error(x))]),
    io:format("~w~n", [[try 10 div X catch error:badarith -> inf end || X <- [1, 0, 5]]]),
    io:format("~w~n", [{id(a), try id(b) after id(c) end, id(d)}]),
    self() ! {m, 0},
    io:format("~w~n", [receive {m, X} -> try 1 / X catch error:E -> E end end]),
    io:format("~w~n", [try receive nothing -> ok after 0 -> throw(empty) end catch V -> V end]),
    A = id(1), B = id("two"), C = id({three}), D = id(4.0),
    R = try {A, fail(id(5)), B} catch throw:W -> {C, W, D} end,
    io:format("~w ~w ~w ~w ~w~n", [R, A, B, C, D]),
    io:format("~w~n", [floats(id(2.0))]),
    io:format("~w~n", [loop(10, [])]),
    io:format("~w~n", [(fun F(0) -> throw(end_reached); F(N) -> try F(N - 1) catch throw:X2 -> {N, X2} end end)(3)]),
    io:format("~w~n", [try lists:map(fun(Y) when Y > 2 -> throw({too_big, Y}); (Y) -> Y end, [1, 2, 3, 4]) catch Z -> Z end]),
    io:format("~w~n", [try lists:foldl(fun(3, _) -> error(three); (Y, S) -> Y + S end, 0, [1, 2, 3]) catch C2:R2 -> {C2, R2} end]),
    io:format("~w~n", [nested_after()]),
    io:format("~w~n", [catch begin put(x, 1), try throw(y) after put(x, 2) end end]),
    io:format("~w~n", [get(x)]),
    io:format("~w~n", [try {ok, try error(inner) catch error:inner -> recovered end} of {ok, Q} -> Q catch _:_ -> not_here end]),
    io:format("~w~n", [case catch id(5) of {'EXIT', _} -> bad; N5 -> N5 end]),
    io:format("~w~n", [case (catch exit(five)) of {'EXIT', five} -> exit_caught end]),
    io:format("~w~n", [case (catch id(1) + a(x)) of {'EXIT', {badarith, [_ | _]}} -> badarith_caught end]),
    io:format("~w~n", [bin(<<1, 2, 3>>)]),
    io:format("~w~n", [sum_until_error([1, 2, x, 4])]),
    io:format("~w~n", [many_live(1, 2, 3, 4, 5, 6, 7, 8)]),
    io:format("~w~n", [try maybe_raise(id(throw)) catch K1:V1 -> {K1, V1} after io:format("after~n") end]),
    ok.

id(X) -> X.
a(X) -> X.
f(A, B, {'EXIT', {C, _}}) -> {A, B, C}.
fail(X) -> throw({failed, X}).

floats(X) ->
    Y = X * 2.5 + 1.0,
    Z = try Y / (X - 2.0) catch error:badarith -> Y end,
    Z + Y.

loop(0, Acc) -> lists:reverse(Acc);
loop(N, Acc) ->
    V = try if N rem 3 =:= 0 -> throw(three); N rem 2 =:= 0 -> error(two); true -> N end
        catch throw:T -> {t, T}; error:E -> {e, E}
        after put(count, N)
        end,
    loop(N - 1, [V | Acc]).

nested_after() ->
    put(order, []),
    Add = fun(X) -> put(order, [X | get(order)]) end,
    try
        try Add(1), throw(a) after Add(2), try throw(b) catch b -> Add(3) after Add(4) end end
    catch a -> Add(5)
    after Add(6)
    end,
    lists:reverse(get(order)).

bin(B) -> try <<X:64, _/binary>> = B, X catch error:{badmatch, M} -> {short, M} end.

sum_until_error(L) -> sum(L, 0).
sum([], S) -> {complete, S};
sum([H | T], S) -> try S + H of N -> sum(T, N) catch error:badarith -> {stopped_at, H, S} end.

many_live(A, B, C, D, E, F, G, H) ->
    X = try id(A) + id(B) catch _:_ -> 0 end,
    Y = try throw({C, D}) catch {P, Q} -> P * Q end,
    Z = (catch E + F),
    [A, B, C, D, E, F, G, H, X, Y, Z].

maybe_raise(throw) -> throw(raised);
maybe_raise(_) -> fine.
