%% The array module; digraph; a binary heap over arrays.
-module(ds_array).
-export([main/0]).

main() ->
    A0 = array:new(),
    io:format("~w ~w ~w~n", [array:size(A0), array:get(5, A0), array:default(A0)]),
    A = lists:foldl(fun(I, X) -> array:set(I, I * I, X) end, A0, lists:seq(0, 99)),
    io:format("~w ~w ~w~n", [array:size(A), array:get(50, A), array:get(1000, A)]),
    io:format("~w~n", [array:to_list(array:resize(10, A))]),
    B = array:set(25, x, array:new({default, 0})),
    io:format("~w ~w~n", [array:to_list(B), array:sparse_to_list(B)]),
    io:format("~w~n", [array:sparse_to_orddict(B)]),
    io:format("~w~n", [array:foldl(fun(I, V, S) -> I * V + S end, 0, A)]),
    io:format("~w~n", [array:foldr(fun(_, V, S) -> [V | S] end, [], array:from_list([a, b, c]))]),
    io:format("~w~n", [array:to_list(array:map(fun(I, V) -> {I, V} end, array:from_list([a, b, c])))]),
    io:format("~w~n", [array:to_orddict(array:from_orddict([{1, a}, {3, b}]))]),
    F = array:fix(array:from_list([1, 2, 3])),
    io:format("~w ~w~n", [array:is_fix(F), try array:set(10, x, F) catch C:R -> {C, R} end]),
    io:format("~w~n", [try array:get(-1, A) catch C2:R2 -> {C2, R2} end]),
    io:format("~w~n", [array:size(array:reset(99, A))]),
    io:format("~w~n", [array:sparse_size(array:reset(99, A))]),
    io:format("~w~n", [array:get(100000, array:set(100000, far, A0))]),
    io:format("~w~n", [sieve(100)]),
    ok.

sieve(N) ->
    A = lists:foldl(fun(I, Acc) -> case array:get(I, Acc) of true -> cross(I * I, I, N, Acc); false -> Acc end end,
                    array:new(N + 1, [{default, true}]), lists:seq(2, 10)),
    [I || I <- lists:seq(2, N), array:get(I, A)].

cross(J, _, N, A) when J > N -> A;
cross(J, I, N, A) -> cross(J + I, I, N, array:set(J, false, A)).
