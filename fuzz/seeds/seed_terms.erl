%% A seed for the fuzz target `exec`: terms built and taken apart, without a call of another module.
-module(seed_terms).
-export([rev/1, flat/1, tup/1, rec/1, maps/1, arith/2, floats/1, sel/1, build/2, funs/1, sum/1, zip/2]).
-record(r, {a = 1, b, c = []}).
rev(L) -> rev(L, []).
rev([H | T], A) -> rev(T, [H | A]);
rev([], A) -> A.
flat([H | T]) when is_list(H) -> flat(H) ++ flat(T);
flat([H | T]) -> [H | flat(T)];
flat([]) -> [];
flat(X) -> [X].
tup({A, B}) -> {B, A};
tup({A, B, C}) -> [A, {B, C}];
tup(T) when is_tuple(T) -> element(1, T);
tup([A, B | _]) -> {A, B, {A, B}};
tup(_) -> {}.
rec(X) ->
    R = #r{b = X}, R1 = R#r{a = 2, c = [X]}, R2 = R1#r{c = {R1#r.a, R1#r.b}},
    case R2 of #r{a = 2, c = {_, Y}} -> {Y, R, R2}; _ -> none end.
maps(M) when is_map(M) ->
    M1 = M#{x => 1, {y} => [2]}, M2 = M1#{x := 3},
    case M2 of #{x := V, k := [K | _]} -> {V, K, map_size(M2)}; #{x := V} -> V end;
maps(X) -> maps(#{k => X, 1 => 2}).
arith(A, B) when is_integer(A), is_integer(B) ->
    [A + B, A - B, A * B, A band B, A bor B, A bxor B, -A, A bsl 3, A bsr 2,
     catch A div B, catch A rem B, A * A * A * A * A, abs(A), max(A, B), A =< B];
arith(A, B) -> {A == B, A =:= B, A < B, catch A + B, is_number(A) andalso A > 1}.
floats(X) when is_float(X) -> {X + 1.0, X * X - 2.0, X / 3, -X, trunc(X), float(round(X)) * 0.5};
floats(X) when is_integer(X) -> floats(X * 1.0);
floats(_) -> floats(2.5).
sel(a) -> 1; sel(b) -> 2; sel(1) -> a; sel(2) -> b; sel(3) -> c; sel(4) -> d; sel("x") -> s;
sel({_}) -> t1; sel({_, _}) -> t2; sel({_, _, _}) -> t3; sel([]) -> nil; sel(_) -> other.
build(0, A) -> A;
build(N, A) when is_integer(N), N < 100 -> build(N - 1, [{N, A, <<N>>} | [N]]);
build(_, A) -> build(10, A).
funs(X) ->
    Y = [X], F = fun(Z) -> {Z, X, Y} end, G = fun rev/1, H = fun erlang:tuple_size/1,
    {F(1), G([1, 2]), H({1, 2, 3}), [E || E <- [1, 2, 3], E =/= X], (fun R(0) -> done; R(N) -> R(N - 1) end)(3)}.
sum(L) -> sum(L, 0).
sum([H | T], A) when is_integer(H) -> sum(T, A + H);
sum(_, A) -> A.
zip([A | As], [B | Bs]) -> [{A, B} | zip(As, Bs)];
zip(_, _) -> [].
