%% The total order of terms, and the difference between == and =:=.
-module(compare_order).
-export([main/0, id/1]).

main() ->
    Ts = terms(),
    io:format("~w~n", [lists:sort(shuffle(Ts))]),
    [io:format("~w~n", [[cmp(A, B) || B <- Ts]]) || A <- Ts],
    [io:format("~w ~w: == ~w =:= ~w /= ~w =/= ~w < ~w =< ~w > ~w >= ~w~n",
               [A, B, A == B, A =:= B, A /= B, A =/= B, A < B, A =< B, A > B, A >= B]) || {A, B} <- pairs()],
    io:format("~w~n", [lists:usort([1, 1.0, 2, 2.0, 1])]),
    io:format("~w~n", [lists:sort([1.0, 1, 1.0, 1])]),
    io:format("~w ~w~n", [[a, b] < [a, b, c], {a, b, c} < {b, a}]),
    io:format("~w~n", [fun erlang:abs/1 < self()]),
    io:format("~w~n", [make_ref() < fun() -> ok end]),
    io:format("~w~n", [[X || X <- [1, 1.0, a, "a", {}], X == id(1.0)]]),
    ok.

id(X) -> X.

terms() ->
    [-(1 bsl 70), -1.5, -1, 0, 0.0, 1, 1.0, 1.5, 2, 1 bsl 59, 1 bsl 64, (1 bsl 64) + 0.0, 1.0e30, '', a, aa, ab, b,
     {}, {1}, {a}, {1, 2}, {1, 3}, {2, 1}, {1, 2, 3}, #{}, #{a => 1}, #{b => 1}, #{a => 1, 2 => 2}, [], [1], [1, 2], [1 | 2], [2], [a],
     "abc", <<>>, <<0>>, <<1>>, <<1, 0>>, <<1:1>>, <<1:2>>, <<255>>, <<"abc">>].

pairs() ->
    [{1, 1.0}, {1, 2}, {0.0, 0}, {{1}, {1.0}}, {[1], [1.0]}, {#{a => 1}, #{a => 1.0}}, {#{1 => a}, #{1.0 => a}}, {a, "a"},
     {9007199254740993, 9007199254740992.0}, {9007199254740992, 9007199254740992.0}, {1 bsl 100, 1.2676506002282294e30},
     {(1 bsl 100) + 1, 1.2676506002282294e30}, {<<1>>, <<1:8>>}, {<<1, 2>>, <<1, 2:7>>}, {-(1 bsl 60), -(1 bsl 60)}].

cmp(A, B) when A < B -> lt;
cmp(A, B) when A > B -> gt;
cmp(A, B) when A =:= B -> same;
cmp(_, _) -> eq.

%% a fixed reordering
shuffle(L) -> {A, B} = lists:split(length(L) div 2, L), weave(lists:reverse(A), B).
weave([], B) -> B;
weave([H | T], B) -> [H | weave(B, T)].
